#compdef smartbox @TOOLS@
# zsh completion for smartbox and its tools.

_smartbox() {
	local -a ask before lines matches
	local line directive cur=${words[CURRENT]}
	ask=(${words[1]})
	before=(${words[2,CURRENT-1]})
	if [[ ${words[1]:t} == smartbox ]]; then
		if ((CURRENT == 2)); then
			compadd -- @TOOLS@ man completion help --list --install --version
			return
		elif ((CURRENT == 3)) && [[ ${words[2]} == man ]]; then
			compadd -- @TOOLS@
			return
		elif ((CURRENT == 3)) && [[ ${words[2]} == completion ]]; then
			compadd -- bash zsh fish
			return
		fi
		ask+=(${before[1]})
		shift before
	fi
	lines=("${(@f)$("${ask[@]}" __complete "${before[@]}" "$cur" 2>/dev/null)}")
	directive=${lines[-1]#:}
	lines=("${(@)lines[1,-2]}")
	[[ $directive == <-> ]] && ((!(directive & 1))) || return 1
	for line in "${lines[@]}"; do
		[[ $line == _activeHelp_* || -z $line ]] && continue
		line=${line//:/\\:}
		matches+=("${line/$'\t'/:}")
	done
	if ((${#matches})); then
		if ((directive & 2)); then
			_describe -V smartbox matches -S ''
		else
			_describe -V smartbox matches
		fi
	elif ((!(directive & 4))); then
		_files
	fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_smartbox "$@"
else
	compdef _smartbox smartbox @TOOLS@
fi
