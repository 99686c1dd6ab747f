# bash completion for ecsfs: what fits is known by ecsfs itself.

# Sets `words` to those of a line that is being typed, without quotes and backslashes, and `quote` to
# the quote that is still open.
_ecsfs_words() {
	local i c word= begun=
	words=() quote=
	for ((i = 0; i < ${#1}; i++)); do
		c=${1:i:1}
		case $quote$c in
		\\ | \"\\)
			i=$((i + 1))
			word+=${1:i:1} begun=1
			;;
		\' | \")
			quote=$c begun=1
			;;
		\'\' | \"\")
			quote=
			;;
		[[:space:]])
			[[ -z $begun ]] || words+=("$word")
			word= begun=
			;;
		*)
			word+=$c begun=1
			;;
		esac
	done
	words+=("$word")
}

_ecsfs() {
	local words quote word cut reply candidate before
	# bash cuts words at = and : too, and replaces the last piece only.
	_ecsfs_words "${COMP_WORDS[COMP_CWORD]}"
	cut=${words[0]}
	_ecsfs_words "${COMP_LINE:0:COMP_POINT}"
	word=${words[-1]}
	[[ $cut == [=:] ]] && cut=$word || cut=${word%"${cut#[=:]}"}
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
			candidate=${candidate#"$cut"}
			[[ $quote || $candidate != *[^[:alnum:]@%+=:,./_-]* ]] || printf -v candidate %q "$candidate"
			COMPREPLY+=("$candidate")
			[[ $candidate != *[=,:] ]] || compopt -o nospace
			;;
		esac
	done < <("${words[0]}" complete "${words[@]:1}" 2>/dev/null)
}
complete -F _ecsfs ecsfs
