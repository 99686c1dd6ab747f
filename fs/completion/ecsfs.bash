# bash completion for ecsfs: what fits is known by ecsfs itself.
_ecsfs() {
	local line=${COMP_LINE:0:COMP_POINT} words=() word cut reply candidate before
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	word=${words[-1]}
	# bash cuts words at = and : too, and replaces the last piece only.
	cut=${word%"${COMP_WORDS[COMP_CWORD]#[=:]}"}
	[[ ${COMP_WORDS[COMP_CWORD]} != [=:] ]] || cut=$word
	[[ $word == *[=:]* ]] || cut=
	COMPREPLY=()
	while IFS= read -r reply; do
		candidate=${reply%%$'\t'*}
		case $candidate in
		:files* | :directories*)
			before=${candidate#* }
			compopt -o filenames
			while IFS= read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(if [[ $reply == :files* ]]; then compgen -f -- "${word#"$before"}"; else compgen -d -- "${word#"$before"}"; fi)
			;;
		*)
			COMPREPLY+=("${candidate#"$cut"}")
			[[ $candidate != *[=,:] ]] || compopt -o nospace
			;;
		esac
	done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
}
complete -F _ecsfs ecsfs
