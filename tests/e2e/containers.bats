#!/usr/bin/env bats
# Deploying by value: one thing of one container of what a service runs.

load lib

setup_file() {
	sim_up --speed 20
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	web=$mnt/clusters/prod/services/web
	app=$web/containers/app
	registry=123456789012.dkr.ecr.us-east-1.amazonaws.com
	work=$BATS_TEST_TMPDIR
	cat "$web/task_definition.json" >"$work/before"
	calls_reset
}

now_ms() {
	date +%s%3N
}

# read_now: the mount's copy of the service comes from AWS at this moment.
read_now() {
	echo >"$mnt/.ecsfs/refresh"
	read_at=$(now_ms)
	cat "$app/image" "$web/task_definition.json" >/dev/null
}

# is_younger MS: the copy is; else a busy machine has let it grow older than what the test is about.
is_younger() {
	[ $(($(now_ms) - read_at)) -lt "$1" ]
}

# read_a_while_ago: the same, but it is too old by now to be relied on without a look (1 s).
read_a_while_ago() {
	read_now
	is_old() { ! is_younger 1200; }
	wait_for 20 is_old
}

# while_younger MS READ COMMAND...: the command after READ, again until the copy was younger all the while; the
# calls are those of the last time, $try is its number.
while_younger() {
	local ms=$1 read=$2
	shift 2
	for try in 1 2 3 4 5 6 7 8 9; do
		"$read"
		calls_reset
		"$@"
		! is_younger "$ms" || return 0
	done
	return 1
}

# image_try IMAGE: writes it with the number of the try behind it.
image_try() {
	echo "$1$try" >"$app/image"
}

@test "an image is RegisterTaskDefinition and UpdateService" {
	while_younger 900 read_now image_try nginx:1.27.
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(calls)" = 2 ]
	[ "$(cat "$app/image")" = nginx:1.27.$try ]
}

# The look at the service travels beside RegisterTaskDefinition.
@test "a write on an older copy: the same calls, and one look at the present service" {
	while_younger 4500 read_a_while_ago image_try nginx:1.27.3
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(calls DescribeServices)" = 1 ]
	[ "$(calls)" = 3 ]
	[ "$(cat "$app/image")" = nginx:1.27.3$try ]
	# All else is as it was: other containers, tags, and what no table knows.
	diff <(jq -S 'del(.taskDefinitionArn, .revision, .registeredAt, .registeredBy) | .containerDefinitions |= map(if .name == "app" then del(.image) else . end)' "$work/before") \
		<(jq -S 'del(.taskDefinitionArn, .revision, .registeredAt, .registeredBy) | .containerDefinitions |= map(if .name == "app" then del(.image) else . end)' "$web/task_definition.json")
}

@test "the image that runs already sends nothing, and AWS was asked" {
	read_image() {
		read_now
		cat "$app/image" >"$work/image"
	}
	while_younger 4500 read_image cp "$work/image" "$app/image"
	[ "$(changes)" = 0 ]
	[ "$(calls DescribeServices)" = 1 ]
}

@test "an image that an ACTIVE revision has is UpdateService alone" {
	echo nginx:1.27 >"$app/image"
	first=$(cat "$web/task_definition")
	echo nginx:1.28 >"$app/image"
	calls_reset
	echo nginx:1.27 >"$app/image"
	[ "$(changes)" = 1 ]
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$first" ]
	# Deregistered behind the mount's back: the same image is registered again.
	echo nginx:1.28 >"$app/image"
	somebody_else DeregisterTaskDefinition "{\"taskDefinition\": \"$first\"}"
	calls_reset
	echo nginx:1.27 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.27 ]
}

@test "a write that looks unchanged does not undo what somebody deployed meanwhile" {
	cat "$app/image" >"$work/image"
	mine=$(cat "$web/task_definition")
	echo nginx:1.29 >"$app/image"
	theirs=$(cat "$web/task_definition")
	echo >"$mnt/.ecsfs/refresh"
	cat "$app/image" >/dev/null
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$mine\"}" >/dev/null
	calls_reset
	echo nginx:1.29 >"$app/image"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" = "$theirs" ]
}

@test "a write does not undo what somebody deployed since the last look" {
	read_a_while_ago
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "1"}]' "$web/task_definition.json" >"$work/theirs"
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	calls_reset
	echo nginx:1.33 >"$app/image"
	# No deployment of the old definition, not for a moment.
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.33 ]
	grep -qx THEIRS=1 "$app/environment"
}

@test "a revision that is there already is not deployed over what somebody deployed" {
	echo nginx:1.34 >"$app/image"
	echo nginx:1.35 >"$app/image"
	echo MINE=1 >>"$app/environment"
	mine=$(cat "$web/task_definition")
	echo nginx:1.36 >"$app/image"
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "2"}]' "$web/task_definition.json" >"$work/theirs"
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	read_a_while_ago
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	calls_reset
	echo nginx:1.35 >"$app/image"
	[ "$(calls UpdateService)" = 1 ]
	[ "$(cat "$web/task_definition")" != "$mine" ]
	grep -qx THEIRS=2 "$app/environment"
	grep -qx MINE=1 "$app/environment"
	[ "$(cat "$app/image")" = nginx:1.35 ]
}

@test "what somebody deployed a moment after the last look is not undone either" {
	jq '{family, containerDefinitions, requiresCompatibilities, networkMode, cpu, memory, executionRoleArn} | del(..|nulls)
		| .containerDefinitions[0].environment += [{name: "THEIRS", value: "3"}]' "$web/task_definition.json" >"$work/theirs"
	theirs=$(somebody_else RegisterTaskDefinition "@$work/theirs" | jq -r .taskDefinition.taskDefinitionArn)
	read_now
	somebody_else UpdateService "{\"cluster\": \"prod\", \"service\": \"web\", \"taskDefinition\": \"$theirs\"}" >/dev/null
	echo nginx:1.38 >"$app/image"
	[ "$(cat "$app/image")" = nginx:1.38 ]
	grep -qx THEIRS=3 "$app/environment"
}

@test "a look that fails sends no deployment" {
	read_a_while_ago
	faults 'DescribeServices:denied'
	run bash -c "echo nginx:1.37 >'$app/image'"
	faults ''
	[ "$status" -ne 0 ]
	[ "$(calls UpdateService)" = 0 ]
	# A refusal is remembered for some seconds.
	readable() { cat "$app/image" >"$work/image" 2>/dev/null; }
	wait_for 20 readable
	[ "$(cat "$work/image")" != nginx:1.37 ]
}

@test "an image of ECR is looked up first" {
	refused bash -c "echo $registry/web:nonsense >'$app/image'"
	said 'has no image "nonsense"'
	said 'newest tags'
	echo "$registry/web:1.2" >"$app/image"
	# Of another service, while nothing moves: ECS would roll it back some time later.
	api=$mnt/clusters/prod/services/api/containers/api
	hold 1
	faults 'BatchGetImage:denied,DescribeImages:denied'
	echo "$registry/shop/api:nonsense" >"$api/image"
	faults ''
	found=$(cat "$api/image")
	hold 0
	[ "$found" = "$registry/shop/api:nonsense" ]
}

@test "environment: appended lines, and a whole file in one deployment" {
	echo 'A=1' >>"$app/environment"
	[ "$(changes)" = 2 ]
	grep -qx A=1 "$app/environment"
	grep -q LOG_LEVEL "$app/environment"
	calls_reset
	printf 'B=two words\nC=a\\nb\n' >"$work/env"
	cp "$work/env" "$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(cat "$work/env")" ]
	[ "$(jq -r '.environment[] | select(.name == "C").value' "$app/container_definition.json")" = $'a\nb' ]
	calls_reset
	cp "$work/env" "$app/environment"
	[ "$(changes)" = 0 ]
	python3 -u -c 'import sys; [sys.stdout.write(c) for c in "D=4\n"]' >>"$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(printf 'B=two words\nC=a\\nb\nD=4')" ]
	calls_reset
	printf 'E=1\nF=2\nD=5\n' >"$work/lines"
	cat "$work/lines" >>"$app/environment"
	[ "$(changes)" = 2 ]
	[ "$(cat "$app/environment")" = "$(printf 'B=two words\nC=a\\nb\nD=5\nE=1\nF=2')" ]
}

# Each line is a write of its own, and nothing says that it is not the last.
@test "lines of bash's printf: no deployment lacks what the file keeps" {
	printf 'KEEP=1\nALSO=1\n' >"$work/env"
	cp "$work/env" "$app/environment"
	calls_reset
	bash -c "printf 'KEEP=2\nALSO=2\nNEW=2\n' >'$app/environment'"
	[ "$(cat "$app/environment")" = "$(printf 'ALSO=2\nKEEP=2\nNEW=2')" ]
	curl -sf "$sim_url/_sim/requests" | jq -e '[.[] | select(.action == "RegisterTaskDefinition") | .body | (if type == "string" then fromjson else . end)
		| .containerDefinitions[] | select(.name == "app") | [.environment[].name] | contains(["KEEP", "ALSO"])] | length > 0 and all'
	# What is left out goes when the file is closed.
	calls_reset
	bash -c "echo ONLY=1 >'$app/environment'"
	[ "$(cat "$app/environment")" = ONLY=1 ]
	calls_reset
	bash -c "echo ONLY=2 >'$app/environment'"
	[ "$(changes)" = 2 ]
}

# An empty text is rather an unset variable of a script (write_empty.bats).
@test "[] removes all variables, an empty text none" {
	printf 'ALSO=1\nKEEP=1\n' >"$work/env"
	cp "$work/env" "$app/environment"
	refused bash -c "echo >'$app/environment'"
	said 'no KEY=VALUE line: nothing was sent (write [] to remove all)'
	refused bash -c "printf '\n\n' >'$app/environment'"
	refused bash -c "echo >>'$app/environment'"
	: >"$work/empty"
	refused bash -c "cp '$work/empty' '$app/.environment.tmp' && mv '$app/.environment.tmp' '$app/environment'"
	rm -f "$app/.environment.tmp"
	refused cp "$work/empty" "$app/environment"
	cmp "$work/env" "$app/environment"
	bash -c "printf 'A=1\n\nZ=1\n' >>'$app/environment'"
	grep -qx Z=1 "$app/environment"
	for member in environment secrets; do
		printf 'FIRST=/first\nLAST=/last\n' >"$work/two"
		cp "$work/two" "$app/$member"
		cmp "$work/two" "$app/$member"
		calls_reset
		bash -c "echo '[]' >'$app/$member'"
		[ "$(changes)" = 2 ] || [ "$(changes)" = 1 ]
		[ -z "$(cat "$app/$member")" ]
		[ "$(jq ".$member // [] | length" "$app/container_definition.json")" = 0 ]
		calls_reset
		bash -c "echo '[]' >'$app/$member'"
		[ "$(changes)" = 0 ]
	done
	# A refusal of AWS reaches the shell.
	echo LAST=1 >>"$app/environment"
	faults 'UpdateService:1:denied'
	run bash -c "echo '[]' >'$app/environment'"
	faults ''
	[ "$status" -ne 0 ]
	[ "$(cat "$app/environment")" = LAST=1 ]
}

# A program that writes line by line brings one at a time: the first must not be all that is left.
@test "a whole file of a program is one deployment, however its writes are cut" {
	for i in $(seq -w 300); do echo "VARIABLE_$i=some value of it $i"; done >"$work/env"
	[ "$(wc -c <"$work/env")" -gt 8192 ]
	for write in "sort '$work/env' >" "cat '$work/env' >" \
		"dd bs=4096 status=none if='$work/env' of="; do
		printf 'OLD=1\nOLDER=1\n' >"$work/old"
		cp "$work/old" "$app/environment"
		calls_reset
		bash -c "$write'$app/environment'"
		[ "$(calls UpdateService)" = 1 ]
		cmp "$work/env" "$app/environment"
	done
}

# One line is not the first of many where close(2) tells the end, and the writer tells what close returns.
@test "a file of one line is one deployment: cp, cat, sort -o, tee, dd, sed, jq, vim, Python" {
	echo 'ONE=0' >"$work/one"
	local i=0
	for write in 'cp "$one" "$file"' 'cat "$one" >"$file"' 'sort -o "$file" "$one"' 'tee "$file" <"$one"' 'dd if="$one" of="$file" status=none' \
		'dd bs=1 if="$one" of="$file" status=none' 'sed s/x/y/ "$one" >"$file"' 'jq -rR . "$one" >"$file"' 'printf "%s\n" "$(cat "$one")" | cat >"$file"' \
		'rsync --inplace -I "$one" "$file"' 'python3 -c "import pathlib, sys; pathlib.Path(sys.argv[2]).write_text(open(sys.argv[1]).read())" "$one" "$file"' \
		'node -e "fs.writeFileSync(process.argv[2], fs.readFileSync(process.argv[1]))" "$one" "$file"' \
		'vim -es -u NONE --not-a-term -c "%s/GONE=1\nTOO=1/$(cat "$one")/" -c "set backupcopy=yes" -c wq "$file" </dev/null'; do
		command -v "${write%% *}" >/dev/null || continue
		printf 'GONE=1\nTOO=1\n' >"$work/two"
		cp "$work/two" "$app/environment"
		i=$((i + 1))
		echo "ONE=$i" >"$work/one"
		calls_reset
		one=$work/one file=$app/environment bash -c "$write"
		[ "$(cat "$app/environment")" = "ONE=$i" ]
		[ "$(calls UpdateService)" = 1 ] || { echo "$write"; return 1; }
		# What AWS refuses there fails the command, and nothing is half done.
		echo 'ONE=x' >"$work/one"
		faults 'UpdateService:denied'
		run env one="$work/one" file="$app/environment" bash -c "$write"
		faults ''
		[ "$status" -ne 0 ] || { echo "$write"; return 1; }
		[ "$(cat "$app/environment")" = "ONE=$i" ]
	done
}

@test "a malformed line fails its write, also where the file waits for its close" {
	printf 'GONE=1\nTOO=1\n' >"$work/two"
	cp "$work/two" "$app/environment"
	refused python3 - "$app/environment" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
		os.write(fd, b"A=1\n")
		os.write(fd, b"B=")
		os.write(fd, b"2\nnon")
		os.write(fd, b"sense\n")
	END
	[[ $output == *"line 6"* ]]
	said 'got "nonsense": there is no ='
	cmp "$work/two" "$app/environment"
}

# Whose close(2) nobody hears of adds inside its write, so that its status is true.
@test "one line of a program that does not report close: its failure is its status" {
	printf 'GONE=1\nTOO=1\n' >"$work/two"
	for write in "python3 -c 'print(\"ONE=%d\")'" "perl -e 'print \"ONE=%d\\n\"'"; do
		command -v "${write%% *}" >/dev/null || continue
		cp "$work/two" "$app/environment"
		faults 'UpdateService:1:denied'
		run bash -c "${write/\%d/1} >'$app/environment'"
		faults ''
		[ "$status" -ne 0 ]
		cmp "$work/two" "$app/environment"
		bash -c "${write/\%d/1} >'$app/environment'"
		[ "$(cat "$app/environment")" = ONE=1 ]
	done
}

# deployed: the names of each deployment's variables, a line each.
deployed() {
	requests RegisterTaskDefinition | jq -c '.containerDefinitions[] | select(.name == "app") | [.environment[].name]'
}

# The close of one of several that have the file open is not its end.
@test "several programs or descriptors write one file: no deployment lacks what it keeps" {
	local n=1
	export work file=$app/environment n
	printf 'A=1\nB=1\nC=1\nGONE=1\n' >"$work/old"
	for write in '{ cat "$work/ab"; cat "$work/c"; } >"$file"' '{ cat "$work/ab"; echo C=$n; } >"$file"' \
		'exec 3>"$file"; echo A=$n >&3; echo B=$n >&3; cat "$work/c" >&3; exec 3>&-' \
		'{ python3 -c "print(\"A=$n\\nB=$n\")"; perl -e "print \"C=$n\\n\""; } >"$file"' \
		'(cat "$work/ab" && sleep 0 && cat "$work/c") >"$file"' \
		'python3 -c "import subprocess
with open(\"$file\", \"w\") as f:
    subprocess.run([\"cat\", \"$work/ab\"], stdout=f)
    subprocess.run([\"cat\", \"$work/c\"], stdout=f)"'; do
		for shell in bash dash zsh; do
			command -v "$shell" >/dev/null || continue
			n=$((n + 1))
			printf 'A=%s\nB=%s\n' "$n" "$n" >"$work/ab"
			echo "C=$n" >"$work/c"
			cp "$work/old" "$file"
			calls_reset
			$shell -c "$write"
			[ "$(cat "$file")" = "$(cat "$work/ab" "$work/c")" ] || { echo "$shell: $write"; return 1; }
			deployed | jq -s -e 'length > 1 and all(contains(["A", "B", "C"]))' || { echo "$shell: $write"; return 1; }
		done
	done
	# The same of tags.
	cp "$work/old" "$web/tags"
	calls_reset
	bash -c '{ cat "$work/ab"; cat "$work/c"; } >"$0"' "$web/tags"
	[ "$(cat "$web/tags")" = "$(cat "$work/ab" "$work/c")" ]
	[ "$(requests UntagResource | jq -c .tagKeys)" = '["GONE"]' ]
}

@test "lines over the start of the file, which keeps its rest, are refused" {
	printf 'KEEP=1\nTOO=1\n' >"$work/two"
	cp "$work/two" "$app/environment"
	cp "$work/two" "$web/tags"
	for file in "$app/environment" "$web/tags"; do
		refused bash -c "printf 'NEW=1\n' | dd conv=notrunc of='$file' status=none"
		said 'over the start of the file'
		for shell in bash zsh dash; do
			refused "$shell" -c "echo NEW=1 1<>'$file'"
			said 'over the start of the file'
		done
		refused python3 -c 'import sys
with open(sys.argv[1], "r+") as f: f.write("NEW=1\n")' "$file"
		cmp "$work/two" "$file"
		# At its end it is an addition.
		python3 -c 'import sys; f = open(sys.argv[1], "r+"); f.seek(0, 2); f.write("NEW=1\n")' "$file"
		[ "$(grep -c =1 "$file")" = 3 ]
	done
}

@test "lines that a program writes one by one: no deployment lacks what the file keeps" {
	printf 'KEEP=1\nALSO=1\nGONE=1\n' >"$work/env"
	# Its seventh piece ends with the second line.
	printf 'KEEP=4\nMORE=4\nALSO=4\n' >"$work/pieces"
	for write in "python3 -u -c 'print(\"KEEP=2\"); print(\"ALSO=2\")' >" \
		"{ echo KEEP=3; until grep -qx KEEP=3 '$app/environment'; do sleep 0.1; done; echo ALSO=3; } | perl -ne 'syswrite STDOUT, \$_' >" \
		"dd bs=2 status=none if='$work/pieces' of="; do
		cp "$work/env" "$app/environment"
		calls_reset
		timeout 60 bash -c "$write'$app/environment'"
		[ "$(sed 's/=.*//' "$app/environment" | grep -v MORE)" = "$(printf 'ALSO\nKEEP')" ]
		grep -q =1 "$app/environment" && return 1
		curl -sf "$sim_url/_sim/requests" | jq -e '[.[] | select(.action == "RegisterTaskDefinition") | .body | (if type == "string" then fromjson else . end)
			| .containerDefinitions[] | select(.name == "app") | [.environment[].name] | contains(["KEEP", "ALSO"])] | length > 0 and all'
	done
}

@test "nano edits an environment: one deployment" {
	command -v nano >/dev/null || skip "no nano"
	printf 'GONE=1\nKEEP=1\n' >"$work/env"
	cp "$work/env" "$app/environment"
	calls_reset
	TERM=xterm python3 "$BATS_TEST_DIRNAME/terminal.py" nano -I "$app/environment" <<-'END'
		expect Exit
		type \x0bNANO=two words\r
		type \x0f
		expect Write
		type \r
		expect Wrote
		type \x18
		end 0
	END
	[ "$(cat "$app/environment")" = "$(printf 'KEEP=1\nNANO=two words')" ]
	[ "$(calls UpdateService)" = 1 ]
}

@test "secrets, sizes, command and entry point" {
	echo 'TOKEN=arn:aws:secretsmanager:us-east-1:123456789012:secret:t' >>"$app/secrets"
	echo 'PLAIN=/shop/plain' >>"$app/secrets"
	[ "$(wc -l <"$app/secrets")" -ge 2 ]
	echo 128 >"$app/cpu"
	echo 256 >"$app/memory_reservation"
	echo '["sh", "-c", "exit 0"]' >"$app/command"
	echo '["/bin/tini"]' >"$app/entry_point"
	[ "$(jq -c '[.cpu, .memoryReservation, .command, .entryPoint]' "$app/container_definition.json")" = '[128,256,["sh","-c","exit 0"],["/bin/tini"]]' ]
	echo '[]' >"$app/command"
	[ -z "$(cat "$app/command")" ]
}

@test "a malformed value is refused before anything is sent" {
	digest=$(printf '%064d' 1)
	for image in web@sha256:1234 https://registry/web:1 Shop/web:1 shop/Web web: web/ /web "web:-1" "web@sha512:$digest" "web:1@$digest"; do
		refused bash -c "echo '$image' > '$app/image'"
		said 'is not an image'
	done
	refused bash -c "/usr/bin/printf 'nginx:1\nnginx:2\n' > '$app/image'"
	said 'expected one line'
	for write in "echo '[\"sh\"' > '$app/command'" "printf '[\"sh\"' > '$app/command'" "echo '{\"a\": 1' > '$app/entry_point'" \
		"echo > '$app/image'" "echo 'a b' > '$app/image'" "echo KEY >> '$app/environment'" \
		"echo =x >> '$app/environment'" "echo 'S=not a secret' >> '$app/secrets'" "echo 'S=notarn/ok' >> '$app/secrets'" \
		"echo 'a b=1' >> '$app/environment'" "echo '#c=1' >> '$app/environment'" "echo 'a b=/p' >> '$app/secrets'" "echo 1.5 > '$app/cpu'" \
		"echo -1 > '$app/memory'" "echo '{}' > '$app/command'" "echo '[1]' > '$app/command'" \
		"echo x > '$web/containers/nobody/image'" "echo x > '$app/container_definition.json'"; do
		refused bash -c "$write"
	done
	refused bash -c "echo null > '$app/entry_point'"
	said 'expected a JSON array (write [] to clear it), got "null"'
	refused bash -c "echo 5 > '$web/service.json'"
	said 'expected a JSON object or array, got "5"'
	refused bash -c "printf '\xEF\xBB\xBFA=1\n' >> '$app/environment'"
	said 'byte order mark'
	echo 'BOTH=arn:aws:secretsmanager:us-east-1:123456789012:secret:t' >>"$app/secrets"
	refused bash -c "echo BOTH=1 >> '$app/environment'"
	said "in the container's secrets already"
	pay=$(grep -l CODE_DEPLOY "$mnt"/clusters/prod/services/*/service.json | head -n 1)
	[ -z "$pay" ] || refused bash -c "echo x > '${pay%/*}'/containers/*/image"
}

@test "an error of the second call says that the revision exists, and the next write uses it" {
	faults 'UpdateService:1:denied'
	run bash -c "echo nginx:1.30 >'$app/image'"
	[ "$status" -ne 0 ]
	said 'was registered'
	faults ''
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	echo nginx:1.30 >"$app/image"
	[ "$(calls RegisterTaskDefinition)" = 1 ]
	[ "$(cat "$app/image")" = nginx:1.30 ]
}

@test "several writes at once to different things: none is lost" {
	for i in 1 2 3 4; do
		echo "P$i=$i" >>"$app/environment" &
		echo "Q$i=$i" >>"$web/containers/proxy/environment" &
	done
	echo nginx:1.31 >"$app/image" &
	wait
	[ "$(cat "$app/image")" = nginx:1.31 ]
	[ "$(grep -c '^P' "$app/environment")" = 4 ]
	[ "$(grep -c '^Q' "$web/containers/proxy/environment")" = 4 ]
}

@test "a revision has the same names, read only" {
	revision=$mnt/task_definitions/$(cat "$web/task_definition" | tr : /)
	diff -r "$revision/containers" "$web/containers"
	refused bash -c "echo x > '$revision/containers/app/image'"
	[ "$(stat -c %a "$revision/containers/app/image")" = 400 ]
}

@test "images: what runs, and what ECR's tag leads to" {
	echo "$registry/web:1.2" >"$app/image"
	running() { grep -q "^app $registry/web:1.2 sha256:" "$web/images"; }
	wait_for 60 running
	[ "$(wc -l <"$web/images")" = "$(ls "$web/containers" | wc -l)" ]
}
