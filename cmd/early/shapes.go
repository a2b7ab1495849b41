package early

// The files of package zone; a test compares these tables with its types.
var (
	aText   = shape{kind: text}
	aMoment = shape{kind: moment}
	aYesNo  = shape{kind: yesno}
	aNumber = shape{kind: natural}
	aSmall  = shape{kind: small}
	someMap = shape{kind: texts}
	words   = shape{kind: array, of: &aText}

	// config is zone.Config.
	config = shape{kind: object, keys: []key{
		{"zonename", &aText, nothing}, // the file's name decides
		{"zonepath", &aText, zonepath},
		{"brand", &aText, brand},
		{"uuid", &aText, uuid},
		{"did", &aSmall, did},
		{"autoboot", &aYesNo, nothing},
		{"bootargs", &aText, nothing},
		{"pool", &aText, nothing},
		{"limitpriv", &aText, nothing},
		{"scheduling-class", &aText, nothing},
		{"ip-type", &aText, ipType},
		{"hostid", &aText, nothing},
		{"fs-allowed", &aText, nothing},
		{"fs", &shape{kind: array, of: &configFS}, nothing},
		{"net", &shape{kind: array, of: &configNet}, nothing},
		{"device", &shape{kind: array, of: &configDevice}, nothing},
		{"rctl", &shape{kind: array, of: &configRctl}, rctls},
		{"attr", &shape{kind: array, of: &configAttr}, attrs},
		{"dataset", &words, nothing},
		{"dedicated-cpu", &configCPU, nothing},
		{"security-flags", &configFlags, nothing},
		{"admin", &shape{kind: array, of: &configAdmin}, nothing},
		{"state", &aText, state},
		{"zonepath-dataset", &aText, nothing},
		// A transition is not for lists: what was interrupted is recovered first.
	}}
	configFS = shape{kind: object, keys: []key{
		{"dir", &aText, nothing},
		{"special", &aText, nothing},
		{"raw", &aText, nothing},
		{"type", &aText, nothing},
		{"options", &words, nothing},
	}}
	configNet = shape{kind: object, keys: []key{
		{"physical", &aText, nothing},
		{"address", &aText, nothing},
		{"allowed-address", &aText, nothing},
		{"defrouter", &aText, nothing},
		{"global-nic", &aText, nothing},
		{"mac-addr", &aText, nothing},
		{"vlan-id", &aSmall, nothing},
		{"property", &someMap, nothing},
	}}
	configDevice = shape{kind: object, keys: []key{
		{"match", &aText, nothing},
		{"property", &someMap, nothing},
	}}
	configRctl = shape{kind: object, keys: []key{
		{"name", &aText, rctlName},
		{"value", &shape{kind: array, of: &configLimit}, rctlValues},
	}}
	configLimit = shape{kind: object, keys: []key{
		{"priv", &aText, nothing},
		{"limit", &aText, rctlLimit},
		{"action", &aText, nothing},
	}}
	configAttr = shape{kind: object, keys: []key{
		{"name", &aText, attrName},
		{"type", &aText, nothing},
		{"value", &aText, attrValue},
	}}
	configCPU = shape{kind: object, keys: []key{
		{"ncpus", &aText, nothing},
		{"importance", &aText, nothing},
	}}
	configFlags = shape{kind: object, keys: []key{
		{"default", &aText, nothing},
		{"lower", &aText, nothing},
		{"upper", &aText, nothing},
	}}
	configAdmin = shape{kind: object, keys: []key{
		{"user", &aText, nothing},
		{"auths", &aText, nothing},
	}}

	// running is zone.RunState.
	running = shape{kind: object, keys: []key{
		{"boot_id", &aText, bootID},
		{"zoneid", &aSmall, runID},
		{"state", &aText, runState},
		{"zoneadmd", &runningProcess, nothing},
		{"init", &runningInit, nothing},
		{"uid_base", &aSmall, nothing},
		{"cgroups", &words, nothing},
		{"booted", &aMoment, nothing},
		{"init_restarts", &aSmall, nothing},
		{"boot", &runningBoot, nothing},
		{"waiting", &runningProcess, nothing},
		{"crashes", &aSmall, nothing},
		{"console_log", &aNumber, nothing},
	}}
	runningProcess = shape{kind: object, keys: []key{
		{"pid", &aSmall, nothing},
		{"start", &aNumber, nothing},
	}}
	runningInit = shape{kind: object, keys: []key{
		{"pid", &aSmall, initPid},
		{"start", &aNumber, nothing},
	}}
	runningBoot = shape{kind: object, keys: []key{
		{"init", &aText, nothing},
		{"args", &words, nothing},
	}}
)
