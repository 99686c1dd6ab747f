# fish completion for ecsfs: what fits is known by ecsfs itself.
function __ecsfs_complete
	# Without the backslashes of a word with blanks; one whose quote is open is taken as it is.
	set -l word (commandline -ct)
	set -l plain (string unescape -- $word); or set plain $word
	set -l words (commandline -opc) "$plain"
	for reply in ($words[1] complete $words[2..-1] 2>/dev/null)
		switch $reply
			case ':files*' ':directories*'
				set -l before (string replace -r '^\S+ ' '' -- $reply)
				set -l typed (string replace -- "$before" '' (commandline -ct))
				for path in (if string match -q ':files*' -- $reply; __fish_complete_path $typed; else; __fish_complete_directories $typed; end)
					echo $before$path
				end
			case '*'
				echo $reply
		end
	end
end
complete -c ecsfs -f -a '(__ecsfs_complete)'
