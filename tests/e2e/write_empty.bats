#!/usr/bin/env bats
# Texts that say nothing: an empty line, an empty file, a size without a text.

load lib

setup_file() {
	sim_up --speed 20
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	prod=$mnt/clusters/prod
	web=$prod/services/web
	app=$web/containers/app
	work=$BATS_TEST_TMPDIR
	: >"$work/empty"
	calls_reset
}

# kinds: of the paths on stdin one for each row of the table; "born" and "fresh" are kinds of their own.
kinds() {
	awk -F/ '{
		kind = ""
		for (i = 1; i <= NF; i++)
			kind = kind "/" ($(i - 1) ~ /^(clusters|services|tasks|stopped_tasks|container_instances|deployments|service_deployments|task_definitions|capacity_providers|containers|policies|scheduled_actions|compose)$/ && $i !~ /^(born|fresh)$/ || $i ~ /^[0-9]+$/ ? "N" : $i)
		if (/^\.ecsfs\/api\//) kind = "api"
		if (!seen[kind]++) print
	}'
}

writable() {
	mkdir -p "$mnt/compose/shop" "$mnt/task_definitions/fresh" "$prod/services/born"
	(cd "$mnt" && find clusters task_definitions capacity_providers compose .ecsfs -type f -perm /222 ! -path '*/stopped_tasks/*/exec') | kinds
}

# means FILE: its help says what an empty line does.
means() {
	case $1 in
	*/rollback | */force_new_deployment | */suspended | */continue | */refresh | compose/*/log_groups | compose/*/register) ;;
	*) return 1 ;;
	esac
}

# value FILE: its empty text is a value, unlike that of requests, actions and documents that cannot be cleared.
value() {
	case $1 in
	*/stop | */register | */run_task | *.json | */born/* | .ecsfs/*) return 1 ;;
	*) ! means "$1" ;;
	esac
}

# reported PATH: the last line of errors is about the file and says that nothing was done.
reported() {
	local lines
	mapfile -t lines <"$mnt/.ecsfs/errors"
	[[ ${lines[*]: -1} == *" EINVAL $1: "* && ${lines[*]: -1} =~ 'nothing was sent'|'is empty' ]] || {
		echo "$1: ${lines[*]: -1}" >&2
		return 1
	}
}

# by_bash: writes an empty line, and one of blanks, to each path on stdin; prints those that took it, or that errors
# does not name. One shell and one program for all: a process for each text would take a minute.
by_bash() {
	mnt=$mnt blanks=$' \n\t' bash -c "$(declare -f reported)"'
		while read -r file; do
			for text in "" "$blanks"; do
				! echo "$text" >"$mnt/$file" || echo "$file took it"
				reported "$file" || echo "$file is not named"
			done
		done' 2>"$work/complaints"
}

# by_python [TEXT]: opens each path on stdin, writes, closes; prints as by_bash.
by_python() {
	python3 -c '
import os, re, sys, time
mnt, *text = sys.argv[1:]
def last():
    with open(mnt + "/.ecsfs/errors") as f:
        return f.read().splitlines()[-1]
def is_refused(path):
    fd, refused = os.open(path, os.O_WRONLY | os.O_TRUNC), False
    try:
        if text:
            os.write(fd, text[0].encode())
    except OSError:
        refused = True
    try:
        os.close(fd)
    except OSError:
        refused = True
    return refused
for file in sys.stdin.read().splitlines():
    if not is_refused(mnt + "/" + file):
        print(file, "took it")
        continue
    # The line about an empty file comes with the RELEASE, which close(2) does not wait for.
    end = time.monotonic() + 20
    while not re.search(f" EINVAL {re.escape(file)}: .*(nothing was sent|is empty)", last()):
        if time.monotonic() > end:
            print(file, "is not named:", last())
            break
' "$mnt" "$@"
}

# none_took COMMAND...: it prints nothing, and nothing that changes anything is sent.
none_took() {
	calls_reset
	"$@" >"$work/took"
	cat "$work/took"
	[ ! -s "$work/took" ] && [ "$(changes)" = 0 ]
}

@test "every file: an empty line is refused, from a shell and from a program" {
	writable >"$work/files"
	for name in run_task service.json task_definition.json scalable_target.json settings.json register tags environment \
		secrets command exec compose/shop/register services/born/service.json .ecsfs/api; do
		grep -q "$name" "$work/files"
	done
	while read -r file; do
		means "$file" || echo "$file"
	done <"$work/files" >"$work/texts"
	[ "$(wc -l <"$work/texts")" -gt 40 ]
	none_took by_bash <"$work/texts"
	[ "$(grep -c 'write error' "$work/complaints")" -eq $((2 * $(wc -l <"$work/texts"))) ]
	none_took by_python $'\n' <"$work/texts"
	rmdir "$prod/services/born" "$mnt/task_definitions/fresh" "$mnt/compose/shop"
}

@test "every file: an empty file is refused where a program writes it, but over one that is empty" {
	writable >"$work/files"
	while read -r file; do
		# Another project's or the container's: not for cp.
		if [[ $file == */exec ]]; then
			continue
		# A value that is empty already: nothing differs.
		elif value "$file" && [ -z "$(<"$mnt/$file")" ]; then
			echo "$file" >>"$work/same"
		else
			echo "$file" >>"$work/full"
		fi
	done <"$work/files"
	grep -q '/memory_reservation$' "$work/same"
	[ "$(wc -l <"$work/full")" -gt 30 ]
	calls_reset
	while read -r file; do
		cp "$work/empty" "$mnt/$file"
	done <"$work/same"
	by_python <"$work/same" >"$work/took"
	[ "$(wc -l <"$work/took")" = "$(wc -l <"$work/same")" ]
	[ "$(changes)" = 0 ]
	none_took by_python <"$work/full"
	calls_reset
	while read -r file; do
		! cp "$work/empty" "$mnt/$file" 2>/dev/null
		wait_for 20 reported "$file"
		: >"$mnt/$file"
	done <"$work/full"
	cd "$mnt"
	xargs truncate -s 0 <"$work/files"
	cd -
	[ "$(changes)" = 0 ]
	rmdir "$prod/services/born" "$mnt/task_definitions/fresh" "$mnt/compose/shop"
}

@test "the sentence says what to write to clear a file that can be cleared" {
	echo LAST=/last >>"$app/secrets"
	echo '["sleep", "1"]' >"$app/command"
	for file in "$web/tags" "$app/environment" "$app/secrets" "$app/command" "$app/entry_point" "$web/load_balancers.json" \
		"$web/capacity_provider_strategy.json"; do
		for shell in bash dash zsh fish 'busybox sh'; do
			command -v ${shell%% *} >/dev/null || continue
			refused $shell -c "echo '' > '$file'"
			said 'write []'
		done
		echo '[]' >"$file"
		[ -z "$(cat "$file")" ] || [ "$(jq -c . "$file")" = '[]' ]
		calls_reset
		echo '[]' >"$file"
		[ "$(changes)" = 0 ]
	done
	# Of a program, without a newline, by a rename.
	for file in "$web/tags" "$app/environment"; do
		echo A=1 >>"$file"
		python3 -c 'open(__import__("sys").argv[1], "w").write("[]")' "$file"
		[ -z "$(cat "$file")" ]
		printf 'A=1\nB=1\n' >>"$file"
		echo '[]' >"$file.tmp"
		mv "$file.tmp" "$file"
		[ -z "$(cat "$file")" ]
		echo A=1 >>"$file"
		refused bash -c "echo '[]' >> '$file'"
		said 'write it with >'
		printf '[]\nB=1\n' >"$work/mixed"
		refused cp "$work/mixed" "$file"
		refused bash -c ": > '$file.tmp' && mv '$file.tmp' '$file'"
		said 'write []'
		[ "$(cat "$file")" = A=1 ]
		rm -f "$file.tmp"
	done
}

@test "an empty line before a program's text, or between its lines, is no text" {
	jq '.desiredCount = 3' "$web/service.json" >"$work/doc"
	python3 -u -c 'import sys; print(); print(open(sys.argv[1]).read())' "$work/doc" >"$web/service.json"
	[ "$(cat "$web/desired_count")" = 3 ]
	python3 -u -c 'print(); print("B=2"); print(); print("C=3")' >>"$web/tags"
	[ "$(grep -c '^[BC]=' "$web/tags")" = 2 ]
	bash -c "printf 'D=4\n\nE=5\n' >> '$web/tags'"
	[ "$(grep -c '^[DE]=' "$web/tags")" = 2 ]
}

# errors_of FILE: how many lines of errors are about it.
errors_of() {
	grep -cF "clusters/prod/services/web/$1: " "$mnt/.ecsfs/errors" || true
}

@test "an empty file: tee, sort, env false; one line in errors each" {
	for command in "tee '$web/desired_count' </dev/null" "sort '$work/nothing' > '$web/desired_count'" \
		"env false > '$web/desired_count'" "dd if=/dev/null of='$web/desired_count'" \
		"cat /dev/null > '$web/desired_count'" "grep nothing '$work/empty' > '$web/desired_count'" \
		"python3 -c 'open(\"$web/desired_count\", \"w\").close()'" "node -e 'require(\"fs\").writeFileSync(\"$web/desired_count\", \"\")'"; do
		command -v "${command%% *}" >/dev/null || continue
		before=$(errors_of desired_count)
		refused bash -c "$command"
		one_more() { tail -n 1 "$mnt/.ecsfs/errors" | grep -q 'nothing was written' && [ "$(errors_of desired_count)" -le $((before + 1)) ]; }
		wait_for 20 one_more
	done
	# Emptied by ftruncate(2), as vim and rsync do.
	! command -v vim >/dev/null || refused vim -es -u NONE --not-a-term -c '%d' -c wq "$web/desired_count" </dev/null
	! command -v rsync >/dev/null || refused rsync --inplace -I "$work/empty" "$web/desired_count"
	refused python3 -c 'import sys
with open(sys.argv[1], "r+") as f: f.truncate(0)' "$web/desired_count"
	# A program that shows its failure to nobody: the line is there.
	echo 2 >"$web/desired_count"
	bash -c "python3 -c pass > '$web/enable_execute_command'"
	one_line() { [ "$(errors_of enable_execute_command)" = 1 ]; }
	wait_for 20 one_line
}

@test "a copy of the descriptor that is closed before the text comes stops nobody, and leaves no line" {
	python3 - "$web/desired_count" <<-'END'
		import os, subprocess, sys
		file = sys.argv[1]
		with open(file, "w") as out:
		    subprocess.run(["sh", "-c", "echo 3"], stdout=out, check=True)
		# The parent's is closed while the child waits.
		with open(file, "w") as out:
		    child = subprocess.Popen(["sh", "-c", "read line; echo $line"], stdin=subprocess.PIPE, stdout=out)
		child.stdin.write(b"4\n")
		child.stdin.close()
		sys.exit(child.wait())
	END
	[ "$(requests UpdateService | jq -s -c 'map(.desiredCount)')" = '[3,4]' ]
	before=$(cat "$mnt/.ecsfs/errors")
	# Programs beside the one that writes.
	bash -ec "{ sleep 0; date >/dev/null; /bin/true --version >/dev/null; env sh -c :; echo 5; } > '$web/desired_count'"
	timeout 20 sh -c 'sleep 0; echo 6' >"$web/desired_count"
	nice env printf '2\n' >"$web/desired_count"
	exec 7>"$web/desired_count"
	sleep 0
	echo 3 >&7
	exec 7>&-
	[ "$(requests UpdateService | jq -s -c 'map(.desiredCount)')" = '[3,4,5,6,2,3]' ]
	: >"$web/desired_count"
	[ "$(cat "$mnt/.ecsfs/errors")" = "$before" ]
}

@test "a size that is no text is refused at once" {
	for file in "$web/desired_count" "$web/service.json" "$web/tags" "$app/environment" "$prod/run_task"; do
		refused truncate -s 5 "$file"
		said 'the size of a file is that of its text'
		refused python3 -c 'import os, sys; os.truncate(sys.argv[1], 7)' "$file"
		refused truncate -s +1 "$file"
	done
	# Written, then cut to what was written, as many programs do.
	jq '.desiredCount = 4' "$web/service.json" >"$work/doc"
	python3 - "$web" "$work/doc" <<-'END'
		import sys
		web = sys.argv[1]
		def rewrite(path, text):
		    with open(path, "r+") as f:
		        f.read()
		        f.seek(0)
		        f.write(text)
		        f.truncate()
		rewrite(web + "/service.json", open(sys.argv[2]).read())
		rewrite(web + "/desired_count", "5\n")
		rewrite(web + "/tags", "only=1\n")
		rewrite(web + "/containers/app/environment", "ONLY=1\n")
	END
	[ "$(requests UpdateService | jq -s -c 'map(.desiredCount)')" = '[4,5,null]' ]
	[ "$(cat "$web/tags")" = only=1 ]
	[ "$(cat "$app/environment")" = ONLY=1 ]
}
