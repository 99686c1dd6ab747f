#!/usr/bin/env bats
# The directory of a compose project: files and directories of this mount alone.

load lib

setup_file() {
	sim_up
	mount_up
}

teardown_file() {
	all_down
}

setup() {
	project=$mnt/compose/p$BATS_TEST_NUMBER
	mkdir "$project"
	work=$BATS_TEST_TMPDIR
	calls_reset
}

teardown() {
	rmdir "$project"
	[ ! -e "$project" ]
	[ "$(changes)" = 0 ]
}

@test "files are kept as they are, in sub-directories too" {
	printf 'services:\n  web: {image: i}\n' >"$project/docker-compose.yml"
	mkdir -p "$project/env/prod"
	echo A=1 >"$project/env/prod/web.env"
	[ "$(cat "$project/env/prod/web.env")" = A=1 ]
	[ "$(stat -c %s "$project/docker-compose.yml")" = 28 ]
	[ "$(ls "$project/env")" = prod ]
	find "$project" -name web.env | grep -q env/prod/web.env
}

@test "cp -r, rsync, mv, rm and rmdir work" {
	mkdir -p "$work/src/conf"
	echo a >"$work/src/.env"
	head -c 300000 /dev/urandom >"$work/src/conf/big"
	cp -r "$work/src/." "$project/"
	cmp "$work/src/conf/big" "$project/conf/big"
	[ "$(cat "$project/.env")" = a ]
	if command -v rsync >/dev/null; then
		echo b >"$work/src/.env"
		rsync -r --checksum "$work/src/" "$project/"
		[ "$(cat "$project/.env")" = b ]
	fi
	mv "$project/conf/big" "$project/bigger"
	cmp "$work/src/conf/big" "$project/bigger"
	mkdir -p "$project/a/b"
	fails 'not empty' rmdir "$project/a"
	mv "$project/a" "$project/c"
	[ -d "$project/c/b" ]
	rm -r "$project/c"
	[ ! -e "$project/c" ]
	rm "$project/bigger" "$project/.env"
	[ ! -e "$project/.env" ]
}

@test "editors replace a file" {
	printf 'one\n' >"$project/docker-compose.yml"
	sed -i s/one/two/ "$project/docker-compose.yml"
	[ "$(cat "$project/docker-compose.yml")" = two ]
	ls -A "$project" | grep -vE '^(docker-compose.yml|task_definition.json|service.json|warnings|log_groups|register)$' && return 1
	printf 'three\n' >>"$project/docker-compose.yml"
	[ "$(wc -l <"$project/docker-compose.yml")" = 2 ]
	: >"$project/docker-compose.yml"
	[ "$(stat -c %s "$project/docker-compose.yml")" = 0 ]
}

# screen COMMAND...: runs an editor on a terminal; its input is what it types.
screen() {
	TERM=xterm timeout 30 script -qec "$*" /dev/null >/dev/null
}

@test "vim, Emacs and sed -i edit files of a project" {
	file=$project/docker-compose.yml
	echo 'services: {web: {image: a}}' >"$file"
	image() { jq -r '.containerDefinitions[0].image' "$project/task_definition.json"; }
	sed -i 's/image: ./image: s/' "$file"
	[ "$(image)" = s ]
	if command -v vim >/dev/null; then
		screen vim -u NONE -N -c "'set swapfile backup writebackup'" -c "'%s/image: ./image: v/'" -c wq "$file" </dev/null
		[ "$(image)" = v ]
	fi
	if command -v emacs >/dev/null; then
		emacs --batch -Q "$file" --eval '(progn (goto-char (point-min)) (re-search-forward "image: .") (replace-match "image: e") (save-buffer))' >/dev/null 2>&1
		[ "$(image)" = e ]
	fi
}

@test "nano edits a file of a project" {
	command -v nano >/dev/null || skip "no nano"
	file=$project/docker-compose.yml
	echo 'services: {web: {image: a}}' >"$file"
	TERM=xterm python3 "$BATS_TEST_DIRNAME/terminal.py" nano -I "$file" <<-'END'
		expect Exit
		type \x0bservices: {web: {image: n}}
		type \x0f
		expect Write
		type \r
		expect Wrote
		type \x18
		end 0
	END
	[ "$(jq -r '.containerDefinitions[0].image' "$project/task_definition.json")" = n ]
}

@test "git works in a project" {
	command -v git >/dev/null || skip "no git"
	export HOME=$work GIT_CONFIG_NOSYSTEM=1
	git config --global user.email a@example.com
	git config --global user.name a
	mkdir "$work/src"
	git -C "$work/src" init -q
	echo 'services: {web: {image: one}}' >"$work/src/docker-compose.yml"
	git -C "$work/src" add . && git -C "$work/src" commit -qm one
	git clone -q "$work/src" "$project/checkout"
	echo COMPOSE_FILE=checkout/docker-compose.yml >"$project/.env"
	[ "$(jq -r '.containerDefinitions[0].image' "$project/task_definition.json")" = one ]
	sed -i s/one/two/ "$work/src/docker-compose.yml"
	git -C "$work/src" commit -qam two
	git -C "$project/checkout" pull -q
	[ "$(jq -r '.containerDefinitions[0].image' "$project/task_definition.json")" = two ]
	[ -z "$(git -C "$project/checkout" status --porcelain)" ]
}

@test "an invalid name, and one that exists already" {
	fails 'exists' mkdir "$project"
	fails 'Invalid argument' mkdir "$mnt/compose/a b"
	mkdir "$project/d"
	fails 'exists' mkdir "$project/d"
	fails 'Is a directory' bash -c "echo x >'$project/d'"
	echo x >"$project/f"
	fails 'exists' mkdir "$project/f"
	fails 'Not a directory' rmdir "$project/f"
	fails 'directory' mv -T "$project/f" "$project/d"
	fails 'not permitted' mv "$project" "$mnt/compose/other"
	fails 'not permitted' mkdir "$mnt/clusters/prod/services/web/d"
}

@test "a directory of files does not leave the project" {
	mkdir "$project/d"
	fails 'not permitted' mv "$project/d" "$mnt/clusters/prod/services/web/d"
	[ -d "$project/d" ]
}

@test "rmdir drops the sources, and a new project of that name is empty" {
	mkdir "$project/d"
	echo x >"$project/d/f"
	rmdir "$project"
	[ ! -e "$project" ]
	mkdir "$project"
	[ ! -e "$project/d" ]
}

@test "files that are open when the project goes can still be read" {
	echo x >"$project/f"
	exec 5<"$project/f"
	rmdir "$project"
	[ "$(cat <&5)" = x ]
	exec 5<&-
	mkdir "$project"
}

@test "rm -r of a project, and rsync --delete, come to their end" {
	mkdir "$project/d" "$work/src"
	echo x >"$project/d/f"
	echo x >"$project/.env"
	rm -rf "$project"
	[ ! -e "$project" ]
	mkdir "$project"
	echo 'services: {web: {image: i}}' >"$work/src/docker-compose.yml"
	echo x >"$project/old"
	if command -v rsync >/dev/null; then
		rsync -a --delete "$work/src/" "$project/"
		[ ! -e "$project/old" ]
		rsync -a --delete "$work/src/" "$project/"
		cmp "$work/src/docker-compose.yml" "$project/docker-compose.yml"
	else
		cp "$work/src/docker-compose.yml" "$project/"
	fi
	# What is made is made again.
	rm "$project/task_definition.json"
	jq -e .family "$project/task_definition.json"
	jq -e .family "$project/task_definition.json"
	echo 'services: {web: {image: j}}' >"$project/docker-compose.yml"
	[ "$(jq -r '.containerDefinitions[0].image' "$project/task_definition.json")" = j ]
	find "$project" -mindepth 1 -delete
	[ ! -e "$project/docker-compose.yml" ]
}

@test "a file too large to be read is refused when it is written" {
	head -c 2000000 /dev/zero | tr '\0' '#' >"$work/big.yml"
	fails 'File too large' cp "$work/big.yml" "$project/compose.yml"
	said 'would exceed the limit of 1048576 bytes'
	cp "$work/big.yml" "$project/notes.txt"
	fails 'File too large' mv "$project/notes.txt" "$project/compose.yaml"
	cmp "$work/big.yml" "$project/notes.txt"
	fails 'File too large' truncate -s 1048577 "$project/compose.yml"
	truncate -s 1048576 "$project/compose.yml"
	fails 'File too large' truncate -s 10485761 "$project/notes.txt"
}

@test "a file of which a part was refused is not used" {
	{
		echo 'services: {a: {image: i}, # the rest is missing'
		yes '# padding' | head -c 1100000
		echo 'b: {image: i}}'
	} >"$work/big.yml"
	echo 'services: {a: {image: i}}' >"$project/docker-compose.yml"
	printf 'version: 1\n' >"$project/ecs-params.yml"
	for file in docker-compose.yml ecs-params.yml; do
		cp "$project/$file" "$work/good"
		fails 'File too large' cp "$work/big.yml" "$project/$file"
		fails 'File too large' cat "$project/task_definition.json"
		said "$file is not whole"
		cp "$work/good" "$project/$file"
		jq -e .family "$project/task_definition.json"
	done
}

@test "memory has a ceiling" {
	head -c 80000000 /dev/zero >"$work/zero"
	fails 'File too large' cp "$work/zero" "$project/zero"
	rm -f "$project/zero"
}
