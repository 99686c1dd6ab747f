#!/usr/bin/env bats
# The choice of provider, region and endpoint, compared with botocore's; and the messages where none is left.

load lib

setup() {
	export HOME=$BATS_TEST_TMPDIR
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE
	mkdir -p "$HOME/.aws"
}

@test "provider, region and endpoints are those that botocore has chosen" {
	run python3 "$top/tests/e2e/compare_botocore.py" --ecsfs "$build/ecsfs" --count 20 \
		--recorded "$top/tests/e2e/botocore_choices.json"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "what botocore itself chooses: ten cases thrown together" {
	has_botocore || skip "botocore is not installed"
	run python3 "$top/tests/e2e/compare_botocore.py" --ecsfs "$build/ecsfs" --seed 2 --count 10 --only generated
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a profile that does not exist is answered with those that do" {
	printf '[profile a]\nregion=us-east-1\n[profile b]\n' >"$HOME/.aws/config"
	run "$build/ecsfs" --print-credential-source --profile c
	echo "$output"
	[ "$status" -eq 1 ]
	[[ "$output" == *"no profile 'c' (--profile)"*"there are: a, b"* ]]
}

@test "a bad line is named by file and number" {
	printf '[default]\nregion=us-east-1\nnonsense\n' >"$HOME/.aws/config"
	run "$build/ecsfs" --print-credential-source
	[ "$status" -eq 1 ]
	[[ "$output" == *"$HOME/.aws/config:3: expected KEY = VALUE"* ]]
}

@test "a role with an MFA code asks on the terminal, and says so where there is none" {
	printf '%s\n' '[default]' 'region=us-east-1' 'role_arn=arn:aws:iam::1:role/r' \
		'source_profile=default' 'mfa_serial=arn:aws:iam::1:mfa/me' \
		'aws_access_key_id=AKID' 'aws_secret_access_key=s' >"$HOME/.aws/config"
	mkdir "$HOME/mnt"
	run setsid -w "$build/ecsfs" -f "$HOME/mnt"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ "$output" == *"needs an MFA code (arn:aws:iam::1:mfa/me), and there is no terminal"* ]]
}

@test "no secret is printed" {
	printf '[default]\nregion=us-east-1\n' >"$HOME/.aws/config"
	printf '[default]\naws_access_key_id=AKIDHIDDEN\naws_secret_access_key=hidden\n' >"$HOME/.aws/credentials"
	run "$build/ecsfs" --print-credential-source
	[ "$status" -eq 0 ]
	[[ "$output" == *"provider=credentials-file"* ]]
	[[ "$output" != *AKIDHIDDEN* && "$output" != *hidden* ]]
}
