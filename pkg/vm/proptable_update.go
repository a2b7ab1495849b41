package vm

// updateRows are the properties by which update changes parts of others.
func updateRows() []Property {
	return []Property{
		{
			Name: "add_filesystems", Type: ObjectArray, Use: "JKLMU:u", Effect: NextBoot, Class: Maps,
			Doc: "Adds file systems; elements as in filesystems.",
		},
		{
			Name: "add_nics", Type: ObjectArray, Use: "all:u", Effect: NextBoot, Class: Maps,
			Doc: "Adds network interfaces; elements as in nics.",
		},
		{
			Name: "remove_customer_metadata", Type: List, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Removes the named members of customer_metadata.",
		},
		{
			Name: "remove_filesystems", Type: List, Use: "all:u", Effect: NextBoot, Class: Maps,
			Doc: "Removes the file systems whose target is listed.",
		},
		{
			Name: "remove_internal_metadata", Type: List, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Removes the named members of internal_metadata.",
		},
		{
			Name: "remove_nics", Type: List, Use: "all:u", Effect: NextBoot, Class: Maps,
			Doc: "Removes the network interfaces whose mac is listed.",
		},
		{
			Name: "remove_routes", Type: List, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Removes the named members of routes.",
		},
		{
			Name: "remove_tags", Type: List, Use: "all:u", Effect: Live, Class: Data,
			Doc: "Removes the named members of tags.",
		},
		{
			Name: "set_customer_metadata", Type: FlatObject, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Sets members of customer_metadata, after remove_customer_metadata has removed.",
		},
		{
			Name: "set_internal_metadata", Type: FlatObject, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Sets members of internal_metadata, after remove_internal_metadata has removed.",
		},
		{
			Name: "set_routes", Type: FlatObject, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Sets members of routes, after remove_routes has removed.",
		},
		{
			Name: "set_tags", Type: FlatObject, Use: "all:u", Effect: Live, Class: Data,
			Doc: "Sets members of tags, after remove_tags has removed.",
		},
		{
			Name: "update_filesystems", Type: ObjectArray, Use: "JKLMU:u", Effect: NextBoot, Class: Maps,
			Doc: "Changes members of file systems, each named by its target.",
		},
		{
			Name: "update_nics", Type: ObjectArray, Use: "all:u", Effect: Live, Class: Maps,
			Doc: "Changes members of network interfaces, each named by its mac; protection and allowed_ips change live, addresses at the next boot.",
		},
	}
}
