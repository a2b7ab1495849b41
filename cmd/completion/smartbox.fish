# fish completion for smartbox and its tools.

function __smartbox_complete
    set -l before (commandline -opc)
    set -l cur (commandline -ct)
    set -l ask $before[1]
    set -e before[1]
    if test (path basename -- $ask) = smartbox
        set -a ask $before[1]
        set -e before[1]
    end
    set -l lines ($ask __complete $before "$cur" 2>/dev/null)
    test (count $lines) -gt 0; or return
    set -l directive (string replace : '' -- $lines[-1])
    set -e lines[-1]
    test (math "bitand($directive, 1)") -eq 0; or return
    if test (count $lines) -eq 0 -a (math "bitand($directive, 4)") -eq 0
        __fish_complete_path "$cur"
        return
    end
    string match -v '_activeHelp_*' -- $lines
end

complete -c smartbox -f
complete -c smartbox -n 'test (count (commandline -opc)) -eq 1' -a '@TOOLS@ man completion help --list --install --version'
complete -c smartbox -n '__fish_seen_subcommand_from man' -a '@TOOLS@'
complete -c smartbox -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c smartbox -n 'test (count (commandline -opc)) -gt 1; and not __fish_seen_subcommand_from man completion' -a '(__smartbox_complete)'
for tool in @TOOLS@
    complete -c $tool -f -a '(__smartbox_complete)'
end
