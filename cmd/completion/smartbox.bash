# bash completion for smartbox and its tools.

_smartbox() {
	local cur=${COMP_WORDS[COMP_CWORD]} before=("${COMP_WORDS[@]:1:COMP_CWORD-1}") ask=("$1")
	COMPREPLY=()
	if [[ ${1##*/} == smartbox ]]; then
		case $COMP_CWORD:${before[0]-} in
		1:*)
			mapfile -t COMPREPLY < <(compgen -W "@TOOLS@ man completion help --list --install --version" -- "$cur")
			return
			;;
		2:man)
			mapfile -t COMPREPLY < <(compgen -W "@TOOLS@" -- "$cur")
			return
			;;
		2:completion)
			mapfile -t COMPREPLY < <(compgen -W "bash zsh fish" -- "$cur")
			return
			;;
		esac
		ask+=("${before[0]}")
		before=("${before[@]:1}")
	fi
	local lines directive
	mapfile -t lines < <("${ask[@]}" __complete "${before[@]}" "$cur" 2>/dev/null)
	((${#lines[@]})) || return
	directive=${lines[-1]#:}
	unset 'lines[-1]'
	((directive & 1)) && return
	local line
	for line in "${lines[@]}"; do
		line=${line%%$'\t'*}
		[[ $line == _activeHelp_* || $line != "$cur"* ]] || COMPREPLY+=("$line")
	done
	((directive & 2)) && compopt -o nospace
	((${#COMPREPLY[@]} || directive & 4)) || compopt -o default
}

complete -F _smartbox smartbox @TOOLS@
