package zonecfg

import (
	"context"
	"fmt"
	"io"
	"strings"
)

func (s *Session) help(_ context.Context, c Command) error {
	topic := "commands"
	if s.scope != nil {
		topic = "scope"
	}
	if len(c.Terms) > 0 {
		topic = c.Terms[0].Value.Text
	}
	text, err := s.helpText(topic)
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.Out, text)
	return err
}

func (s *Session) helpText(topic string) (string, error) {
	var b strings.Builder
	switch topic {
	case "commands":
		for _, v := range verbs() {
			fmt.Fprintf(&b, "%s\n\t%s\n\n", v.usage, v.help)
		}
	case "usage":
		b.WriteString(Usage)
	case "syntax":
		syntax(&b)
	case "scope":
		scopeHelp(&b, s.scope.typ)
	default:
		v, ok := verbOf(topic)
		if !ok {
			return "", sayf("Unknown help subject %s.  There are 'help commands', 'help syntax', 'help usage' and 'help <command-name>'.", topic)
		}
		fmt.Fprintf(&b, "usage:\n%s\n\t%s\n", v.usage, v.help)
	}
	return b.String(), nil
}

// Usage is how zonecfg is called.
const Usage = `usage:	zonecfg help
	zonecfg {-z <zone>|-u <uuid>}			(interactive)
	zonecfg {-z <zone>|-u <uuid>} <command>
	zonecfg {-z <zone>|-u <uuid>} -f <command-file>
`

func syntax(b *strings.Builder) {
	b.WriteString("<zone> := [A-Za-z0-9][A-Za-z0-9_.-]*\n" +
		"\t(except the reserved words 'global' and anything starting with 'SUNW')\n" +
		"\tName must be less than 64 characters.\n\n" +
		"For resource type ... there are property types ...:\n")
	for _, g := range globals {
		fmt.Fprintf(b, "\t(global)\t%s\n", g.name)
	}
	for _, a := range globalAliases {
		fmt.Fprintf(b, "\t(global)\t%s\n", a.name)
	}
	for _, t := range resources() {
		fmt.Fprintf(b, "\t%s\t%s\n", t.name, strings.Join(t.names(), ", "))
	}
}

func (t *resource) names() []string {
	var names []string
	for _, p := range t.props {
		names = append(names, p.name)
	}
	return names
}

func scopeHelp(b *strings.Builder, t *resource) {
	fmt.Fprintf(b, "Within a '%s' resource there are:\n", t.name)
	for _, p := range t.props {
		if p.list {
			fmt.Fprintf(b, "\tadd %s <%s value>\n\tremove %s <%s value>\n", p.name, p.item, p.name, p.item)
		} else {
			fmt.Fprintf(b, "\tset %s=<value>\n", p.name)
		}
	}
	b.WriteString("And from any resource scope, you can:\n" +
		"\tend\t(to conclude this operation)\n\tcancel\t(to cancel this operation)\n\texit\t(to exit the zonecfg utility)\n")
}
