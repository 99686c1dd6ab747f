#!/usr/bin/env python3
"""Compares what ecsfs and botocore choose: provider, region, endpoints.

Writes configuration files and environments, named ones first, then random ones from a seed, and asks
both. `--ecsfs PROGRAM` is the program whose --print-credential-source is asked. Exits 1 on the first
ten differences, 77 where botocore is needed and not installed.

To ask botocore takes ten times as long as to ask ecsfs: `--recorded FILE` takes botocore's answers from
a file, which `--record FILE` has written. A case that has changed since is a difference.

Left out, because the two differ by intention (ecsfs-credentials(7) says how): AWS_REGION and
AWS_DEFAULT_REGION both set, AWS_PROFILE and AWS_DEFAULT_PROFILE both set, login_session (botocore
needs its C runtime for it), IMDSv1.
"""
import argparse
import hashlib
import http.server
import importlib.metadata
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

PROVIDERS = {
    'env': 'environment',
    'assume-role': 'assume-role',
    'assume-role-with-web-identity': 'web-identity',
    'sso': 'sso',
    'shared-credentials-file': 'credentials-file',
    'custom-process': 'process',
    'config-file': 'config-file',
    'container-role': 'container',
    'iam-role': 'imds',
}
SERVICES = ('ecs', 'logs', 'sts')
EXPIRY = '2099-01-01T00:00:00Z'
KEYS = {'AccessKeyId': 'AKIDSERVER', 'SecretAccessKey': 'secret', 'Expiration': EXPIRY}


class Metadata(http.server.BaseHTTPRequestHandler):
    """Container credentials at /container, instance metadata at the usual paths."""

    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self):
        self.answer(200, 'token')

    def do_GET(self):
        roles = '/latest/meta-data/iam/security-credentials/'
        if self.path == '/container':
            self.answer(200, json.dumps({**KEYS, 'Token': 't'}))
        elif self.path == roles:
            self.answer(200, 'role')
        elif self.path == roles + 'role':
            self.answer(200, json.dumps({**KEYS, 'Token': 't', 'Code': 'Success'}))
        else:
            self.answer(404, '')

    def log_message(self, *_):
        pass


class Case:
    def __init__(self, name, config='', credentials='', env=None, profile=None):
        self.name = name
        self.config = config
        self.credentials = credentials
        self.env = env or {}
        self.profile = profile

    def digest(self, url):
        """The same wherever the metadata are served."""
        text = json.dumps([self.config, self.credentials, self.env, self.profile], sort_keys=True)
        return hashlib.sha256(text.replace(url.partition('//')[2], 'SERVER').encode()).hexdigest()[:16]

    def __str__(self):
        return (f'--- {self.name}: profile={self.profile} env={self.env}\n'
                f'config:\n{self.config}\ncredentials:\n{self.credentials}')


class Botocore:
    """Answers of botocore itself."""

    def __init__(self):
        try:
            import botocore.exceptions
            import botocore.loaders
            import botocore.session
        except ImportError:
            print('skipped: botocore is not installed')
            sys.exit(77)
        self.session = botocore.session.Session
        self.loader = botocore.loaders.Loader()
        for service in SERVICES:  # read once, before the forks
            self.loader.load_service_model(service, 'service-2')
            self.loader.load_service_model(service, 'endpoint-rule-set-1')
        for data in ('endpoints', 'partitions', 'sdk-default-configuration', '_retry'):
            self.loader.load_data(data)

    def choose(self, case):
        """Runs in a child, so that the environment is the case's alone."""
        session = self.session(profile=case.profile)
        session.register_component('data_loader', self.loader)
        credentials = session.get_credentials()
        answer = {'provider': PROVIDERS[credentials.method] if credentials else 'none'}
        for service in SERVICES:
            client = session.create_client(service)
            answer['region'] = client.meta.region_name
            answer['endpoint_' + service] = endpoint_of(client)
        return answer

    def child(self, case, env):
        os.environ.clear()
        os.environ.update(env)
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        try:
            return self.choose(case)
        except Exception as error:  # every failure is the answer "error"
            return {'error': f'{type(error).__name__}: {error}'}

    def ask(self, case, env):
        """A fork, since loading botocore and its models anew for each case takes most of the time."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            with os.fdopen(writer, 'w') as out:
                json.dump(self.child(case, env), out)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            text = answer.read()
        os.waitpid(pid, 0)
        return json.loads(text)


def endpoint_of(client):
    operation = {'ecs': 'ListClusters', 'logs': 'DescribeLogGroups',
                 'sts': 'GetCallerIdentity'}[client.meta.service_model.service_name]
    model = client.meta.service_model.operation_model(operation)
    url, _, _ = client._resolve_endpoint_ruleset(model, {}, {'client_region': client.meta.region_name})
    return url.rstrip('/')


class Recorded:
    """Answers of botocore from a file."""

    def __init__(self, path, url):
        self.answers = json.loads(pathlib.Path(path).read_text())['answers']
        self.url = url

    def ask(self, case, _env):
        _, answer = self.answers.get(case.digest(self.url), (None, {'record': 'has no such case: --record'}))
        return answer


def write_files(case, home):
    """Makes the case's home, and gives its environment."""
    aws = pathlib.Path(home, '.aws')
    aws.mkdir()
    (aws / 'config').write_text(case.config)
    (aws / 'credentials').write_text(case.credentials)
    pathlib.Path(home, 'token').write_text('token')
    return environment(case, home)


def environment(case, home):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith('AWS_') and k.lower() not in ('http_proxy', 'https_proxy')}
    env.update(HOME=str(home), AWS_EC2_METADATA_DISABLED='true')
    env.update(case.env)
    return {k: v for k, v in env.items() if v is not None}


def ask_ecsfs(program, case, env):
    command = [program, '--print-credential-source']
    if case.profile is not None:
        command += ['--profile', case.profile]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    if run.returncode:
        if run.returncode < 0 or not run.stderr.strip():
            raise SystemExit(f'ecsfs ended with {run.returncode}: {run.stderr}\n{case}')
        return {'error': run.stderr.strip()}
    return dict(line.split('=', 1) for line in run.stdout.splitlines() if '=' in line)


def compare(program, case, botocore):
    """None, or what differs."""
    with tempfile.TemporaryDirectory() as home:
        env = write_files(case, home)
        theirs = botocore.ask(case, env)
        ours = ask_ecsfs(program, case, env)
    # botocore fetches a role's source while it chooses, ecsfs with the first call.
    if 'CredentialRetrievalError' in theirs.get('error', '') and ours.get('provider') == 'assume-role':
        return None
    if 'error' in theirs or 'error' in ours:
        return None if 'error' in theirs and 'error' in ours else (theirs, ours)
    differs = {k: (v, ours.get(k)) for k, v in theirs.items() if ours.get(k) != v}
    return differs or None


def static_keys(name):
    return f'aws_access_key_id = AKID{name}\naws_secret_access_key = s\n'


def process(answer=None, status=0):
    answer = json.dumps(answer or {'Version': 1, **KEYS}).replace('"', '\\"')
    return f"credential_process = sh -c \"printf '%s' '{answer}'; exit {status}\"\n"


SSO = 'sso_account_id = 1\nsso_role_name = r\nsso_start_url = https://x\nsso_region = eu-west-1\n'
ENV_KEYS = {'AWS_ACCESS_KEY_ID': 'AKIDENV', 'AWS_SECRET_ACCESS_KEY': 's'}


def named(url):
    """Each rule once."""
    region = 'region = us-east-1\n'
    default = '[default]\n' + region
    token = {'AWS_WEB_IDENTITY_TOKEN_FILE': '/nonexistent', 'AWS_ROLE_ARN': 'arn:aws:iam::1:role/r'}
    role = 'role_arn = arn:aws:iam::1:role/r\n'
    container = {'AWS_CONTAINER_CREDENTIALS_FULL_URI': url + '/container'}
    imds = {'AWS_EC2_METADATA_DISABLED': None, 'AWS_EC2_METADATA_SERVICE_ENDPOINT': url}
    a, b = '[profile a]\n' + region, '[profile b]\n' + region
    keys = '[default]\n' + static_keys('D')
    yield Case('nothing', default)
    yield Case('environment', default, keys, ENV_KEYS)
    yield Case('environment and AWS_PROFILE', a + static_keys('A'), '', {**ENV_KEYS, 'AWS_PROFILE': 'a'})
    yield Case('environment and --profile', a + static_keys('A'), '', ENV_KEYS, 'a')
    yield Case('key without secret', default, keys, {'AWS_ACCESS_KEY_ID': 'AKID'})
    yield Case('secret without key', default, keys, {'AWS_SECRET_ACCESS_KEY': 's'})
    yield Case('empty key', default, keys, {'AWS_ACCESS_KEY_ID': '', 'AWS_SECRET_ACCESS_KEY': 's'})
    yield Case('credentials file', default, keys)
    yield Case('config file', default + static_keys('C'))
    yield Case('both files', default + static_keys('C'), keys)
    yield Case('half a key in credentials', default + static_keys('C'), '[default]\naws_access_key_id = A\n')
    yield Case('only a secret in credentials', default + static_keys('C'), '[default]\naws_secret_access_key = s\n')
    yield Case('half a key in config', default + 'aws_access_key_id = A\n')
    yield Case('empty keys in credentials', default + static_keys('C'), '[default]\naws_access_key_id =\naws_secret_access_key =\n')
    yield Case('an empty secret in config', default + 'aws_access_key_id = A\naws_secret_access_key =\n')
    yield Case('role of a profile with empty keys', default + role + 'source_profile = a\n', '[a]\naws_access_key_id =\naws_secret_access_key =\n')
    yield Case('process before config keys', default + process() + static_keys('C'))
    yield Case('credentials keys before process', default + process(), keys)
    yield Case('process in credentials file', default, '[default]\n' + process())
    yield Case('process fails', default + process(status=1) + static_keys('C'))
    yield Case('process of another version', default + process({'Version': 2, **KEYS}))
    yield Case('process of version 1.0', default + process({'Version': 1.0, **KEYS}))
    yield Case('process whose keys have expired', default + process({'Version': 1, **KEYS, 'Expiration': '2001-01-01T00:00:00Z'}))
    yield Case('process without secret', default + process({'Version': 1, 'AccessKeyId': 'A'}))
    yield Case('process not there', default + 'credential_process = /nonexistent/program\n')
    yield Case('process with an open quote', default + 'credential_process = sh -c "x\n')
    yield Case('sso before keys', default + SSO, keys)
    yield Case('sso incomplete', default + 'sso_account_id = 1\n', keys)
    yield Case('sso start url alone', default + 'sso_start_url = https://x\nsso_region = eu-west-1\n', keys)
    session = '[sso-session s]\nsso_start_url = https://x\nsso_region = eu-west-1\n'
    member = 'sso_session = s\nsso_account_id = 1\nsso_role_name = r\n'
    yield Case('sso session', default + member + session)
    yield Case('sso session missing', default + member)
    yield Case('sso session missing beside keys', default + 'sso_session = s\n', keys, ENV_KEYS)
    yield Case('sso session incomplete beside keys', default + 'sso_session = s\n[sso-session s]\nsso_region = eu-west-1\n', keys)
    yield Case('sso session that disagrees', default + member + 'sso_region = us-west-2\n' + session)
    yield Case('sso session that agrees', default + member + 'sso_region = eu-west-1\n' + session)
    yield Case('sso session with another region', default + member + session + 'region = us-west-2\n')
    yield Case('sso session completed by the profile', default + member + 'sso_start_url = https://x\n[sso-session s]\nsso_region = eu-west-1\n')
    yield Case('sso session alone', default + 'sso_session = s\n' + session)
    yield Case('web identity from the environment', default, '', token)
    yield Case('web identity before keys', default, keys, token)
    yield Case('web identity without role', default, keys, {'AWS_WEB_IDENTITY_TOKEN_FILE': '/x'})
    yield Case('empty web identity', default, keys, {'AWS_WEB_IDENTITY_TOKEN_FILE': ''})
    yield Case('role before web identity', default + role + 'source_profile = a\n' + a + static_keys('A'), '', token)
    yield Case('web identity of the profile', default + role + 'web_identity_token_file = /x\n', keys)
    yield Case('web identity and --profile', a + static_keys('A'), '', token, 'a')
    yield Case('role before keys', default + role + 'source_profile = a\n' + a + static_keys('A'), keys)
    yield Case('role alone', default + role, keys)
    yield Case('role with two sources', default + role + 'source_profile = a\ncredential_source = Environment\n' + a + static_keys('A'))
    yield Case('role with itself and keys', default + role + 'source_profile = default\n' + static_keys('A'))
    yield Case('role with itself', default + role + 'source_profile = default\n')
    yield Case('role with itself and half a key', default + role + 'source_profile = default\naws_secret_access_key = s\n')
    yield Case('role of nobody', default + role + 'source_profile = nobody\n')
    yield Case('role of a profile without keys', default + role + 'source_profile = a\n' + a)
    yield Case('roles in a row', default + role + 'source_profile = a\n' + a + role + 'source_profile = b\n' + b + static_keys('B'))
    yield Case('roles in a circle', default + role + 'source_profile = a\n' + a + role + 'source_profile = default\n')
    yield Case('role of a role with itself', default + role + 'source_profile = a\n' + a + role + 'source_profile = a\n' + static_keys('A'))
    yield Case('role by process', default + role + 'source_profile = a\n' + a + process())
    yield Case('role by sso', default + role + 'source_profile = a\n' + a + SSO)
    yield Case('role from the environment', default + role + 'credential_source = Environment\n', '', {**ENV_KEYS}, 'default')
    yield Case('environment before such a role', default + role + 'credential_source = Environment\n', '', {**ENV_KEYS})
    yield Case('role from an empty environment', default + role + 'credential_source = Environment\n')
    yield Case('role from nowhere', default + role + 'credential_source = environment\n')
    yield Case('role from the container', default + role + 'credential_source = EcsContainer\n', '', container)
    yield Case('role in credentials', default, '[default]\n' + role + 'source_profile = a\n[a]\n' + static_keys('A'))
    yield Case('container', default, '', container)
    yield Case('container after config', default + static_keys('C'), '', container)
    yield Case('container that answers 404', default, '', {'AWS_CONTAINER_CREDENTIALS_FULL_URI': url + '/x'})
    yield Case('container elsewhere', default, '', {'AWS_CONTAINER_CREDENTIALS_FULL_URI': 'http://example.com/'})
    yield Case('container with userinfo', default, '', {'AWS_CONTAINER_CREDENTIALS_FULL_URI': 'http://127.0.0.1@example.com/'})
    yield Case('container path that names a host', default, '', {'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI': url.replace('http://', '@') + '/container'})
    yield Case('container path that is none', default, '', {'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI': '.example.com/'})
    yield Case('container token with a line break', default, '', {**container, 'AWS_CONTAINER_AUTHORIZATION_TOKEN': 'a\nb'})
    yield Case('imds', default, '', imds)
    yield Case('imds after container', default, '', {**imds, **container})
    yield Case('imds unreachable', default, '', {**imds, 'AWS_EC2_METADATA_SERVICE_ENDPOINT': 'http://127.0.0.1:1'})
    yield Case('imds endpoint mode', default, '', {**imds, 'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE': 'ipv5'})
    yield Case('imds and an explicit profile', a, '', imds, 'a')
    yield from profiles(region, keys)
    yield from regions(keys)
    yield from files(region)
    yield from endpoints(keys)


def profiles(region, keys):
    default = '[default]\n' + region
    yield Case('profile missing', default, keys, {}, 'x')
    yield Case('AWS_PROFILE missing', default, keys, {'AWS_PROFILE': 'x'})
    yield Case('AWS_PROFILE empty', default, keys, {'AWS_PROFILE': ''})
    yield Case('AWS_DEFAULT_PROFILE', default + '[profile a]\nregion = eu-west-1\n', keys, {'AWS_DEFAULT_PROFILE': 'a'})
    yield Case('explicit default', default, keys, {}, 'default')
    yield Case('explicit default that is not there', '[profile a]\n' + region, '', {}, 'default')
    yield Case('no files but a region', '', '', {'AWS_DEFAULT_REGION': 'us-east-1', **ENV_KEYS})
    yield Case('missing profile and keys in the environment', default, '', {'AWS_PROFILE': 'x', **ENV_KEYS})
    yield Case('profile without the word', default + '[a]\n' + region, '', {}, 'a')
    yield Case('profile in credentials alone', default, '[a]\nregion = eu-west-1\n' + static_keys('A'), {}, 'a')
    yield Case('quoted profile', '[profile "a b"]\n' + region, '[a b]\n' + static_keys('A'), {}, 'a b')
    yield Case('two spellings', '[profile a]\nregion = eu-west-1\n[profile "a"]\n' + region + static_keys('A'), '', {}, 'a')
    yield Case('default and profile default', '[default]\nregion = eu-west-1\n[profile default]\n' + region + static_keys('A'))
    yield Case('profile default and default', '[profile default]\nregion = eu-west-1\n' + default + static_keys('A'))
    yield Case('three words', '[profile a b]\n' + region, '', {}, 'a')
    yield Case('an odd prefix', '[profiles a]\n' + region + static_keys('A'), '', {}, 'a')
    yield Case('DEFAULT', '[DEFAULT]\n' + region + static_keys('A') + '[profile a]\nx = y\n', '', {}, 'a')
    yield Case('credentials win', '[profile a]\nregion = eu-west-1\n', '[a]\nregion = us-west-2\n' + static_keys('A'), {}, 'a')


def regions(keys):
    default = '[default]\nregion = us-east-1\n'
    for region in ('cn-north-1', 'us-gov-west-1', 'eusc-de-east-1', 'us-iso-east-1', 'us-isob-east-1',
                   'eu-isoe-west-1', 'us-isof-south-1', 'mars-north-1', 'local', 'aws-global',
                   'aws-cn-global', 'aws-iso-b-global', 'eusc-fr-east-1', 'cn-north', 'us-gov-1', 'us-isob-x-1',
                   'fips-us-east-1', 'us-east-1-fips', 'fips-fips-us-east-1', 'us_east_1', '-x', '123', 'a' * 64, ' us-east-1 '):
        yield Case('region ' + region, f'[default]\nregion = {region}\n', keys)
        yield Case('region by variable ' + region, default, keys, {'AWS_DEFAULT_REGION': region})
    yield Case('no region', '', keys)
    yield Case('empty region', '[default]\nregion =\n', keys)


def files(region):
    good = '[default]\n' + region
    keys = static_keys('A')
    texts = {
        'comments': f'# x\n; y\n{good}# z\n{keys}',
        'in-line comment': f'[default]\nregion = us-east-1 # here\n{keys}',
        'colon': f'[default]\nregion: us-east-1\n{keys}',
        'colon in a value': f'{good}aws_access_key_id = a:b=c\naws_secret_access_key = s\n',
        'capitals': f'[default]\nREGION = us-east-1\nAWS_Access_Key_Id = A\naws_secret_access_key = s\n',
        'no end of line': f'{good}{keys}'.rstrip(),
        'crlf': f'{good}{keys}'.replace('\n', '\r\n'),
        'cr': f'{good}{keys}'.replace('\n', '\r'),
        'continuation': f'[default]\nregion =\n  us-east-1\n{keys}',
        'continuation of a key': f'{good}aws_access_key_id = A\n B\naws_secret_access_key = s\n',
        'empty line in a value': f'{good}x = y\n\n  z\n{keys}',
        'nested': f'{good}s3 =\n  a = b\n  c = d\n{keys}',
        'nested without equals': f'{good}s3 =\n  ab\n{keys}',
        'nested elsewhere without equals': f'{good}{keys}[foo]\ns3 =\n  ab\n',
        'duplicate key': f'{good}region = eu-west-1\n{keys}',
        'duplicate key of another case': f'{good}Region = eu-west-1\n{keys}',
        'duplicate section': f'{good}{keys}[default]\nx = y\n',
        'no section': f'{region}{good}{keys}',
        'no equals': f'{good}{keys}nonsense\n',
        'no key': f'{good}{keys}= x\n',
        'text behind a header': f'[default] # x\n{region}{keys}',
        'two brackets': f'[default]]\n{region}{keys}',
        'an open bracket': f'[default\n{region}{keys}',
        'an empty header': f'{good}{keys}[]\nx = y\n',
        'indented header': f'  [default]\n  {region}  aws_access_key_id = A\n  aws_secret_access_key = s\n',
        'indented keys': f'[default]\n  {region}  aws_access_key_id = A\n  aws_secret_access_key = s\n',
        'header indented below a key': f'{good}{keys} [profile a]\nx = y\n',
        'tabs': f'[default]\nregion\t=\tus-east-1\n{keys}',
        'bom': f'\ufeff{good}{keys}',
        'nbsp': f'[default]\nregion =\u00a0us-east-1\u00a0\n{keys}',
        'DEFAULT twice': f'[DEFAULT]\na = b\n[DEFAULT]\nc = d\n{good}{keys}',
        'DEFAULT key twice': f'[DEFAULT]\na = b\n[DEFAULT]\na = d\n{good}{keys}',
        'comment in a value': f'{good}s3 =\n  a = b\n# c\n  d = e\n{keys}',
        'a quote in a header': f'{good}{keys}[profile "x]\na = b\n',
        'form feed': f'{good}\f\n{keys}',
    }
    for name, text in texts.items():
        yield Case('config: ' + name, text)
        yield Case('credentials: ' + name, good, text)
    yield Case('AWS_CONFIG_FILE', '', '', {'AWS_CONFIG_FILE': '$HOME/.aws/credentials', 'AWS_DEFAULT_REGION': 'us-east-1'})
    yield Case('AWS_CONFIG_FILE empty', good + keys, '', {'AWS_CONFIG_FILE': '', 'AWS_DEFAULT_REGION': 'us-east-1'})
    yield Case('credentials file elsewhere', good, '', {'AWS_SHARED_CREDENTIALS_FILE': '~/.aws/config'})
    yield Case('credentials file by variable', good, '', {'AWS_SHARED_CREDENTIALS_FILE': '${HOME}/.aws/config', 'AWS_X': 'y'})


def endpoints(keys):
    default = '[default]\nregion = us-east-1\n'
    services = 'services = s\n[services s]\necs =\n  endpoint_url = http://localhost:1\nsts =\n  endpoint_url = http://localhost:2/\n'
    yield Case('endpoint of the profile', default + 'endpoint_url = http://localhost:3\n', keys)
    yield Case('endpoint of services', default + 'endpoint_url = http://localhost:3\n' + services, keys)
    yield Case('services that are not there', default + 'services = t\n', keys)
    yield Case('services that are not there, and a variable', default + 'services = t\n', keys, {'AWS_ENDPOINT_URL': 'http://localhost:4'})
    yield Case('services that are empty', default + 'services = s\n[services s]\n', keys)
    yield Case('services without a table', default + 'services = s\n[services s]\nlogs = x\n', keys)
    yield Case('endpoint by variable', default + services, keys, {'AWS_ENDPOINT_URL': 'http://localhost:4'})
    yield Case('endpoint by two variables', default + services, keys,
               {'AWS_ENDPOINT_URL': 'http://localhost:4', 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS': 'https://l.example.com/'})
    yield Case('endpoint that is empty', default + services, keys, {'AWS_ENDPOINT_URL_ECS': '', 'AWS_ENDPOINT_URL': ''})
    yield Case('endpoint that is no URL', default, keys, {'AWS_ENDPOINT_URL': 'localhost'})
    yield Case('endpoint in capitals', default, keys, {'AWS_ENDPOINT_URL': 'HTTP://localhost:4'})
    yield Case('endpoint without a host', default, keys, {'AWS_ENDPOINT_URL': 'http://'})
    yield Case('endpoint with a space', default, keys, {'AWS_ENDPOINT_URL': 'http://ex ample'})
    yield Case('endpoints ignored by variable', default + services, keys,
               {'AWS_ENDPOINT_URL': 'http://localhost:4', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS': 'True'})
    yield Case('endpoints ignored by the profile', default + 'ignore_configured_endpoint_urls = true\n' + services, keys)
    yield Case('endpoint and FIPS', default + 'endpoint_url = http://localhost:3\nuse_fips_endpoint = true\n', keys)
    yield Case('sts legacy', default + 'sts_regional_endpoints = legacy\n', keys)
    yield Case('sts legacy, a new region', '[default]\nregion = eu-south-1\nsts_regional_endpoints = legacy\n', keys)
    yield Case('sts legacy and FIPS', default + 'sts_regional_endpoints = legacy\nuse_fips_endpoint = true\n', keys)
    yield Case('sts legacy and dual-stack', default + 'sts_regional_endpoints = legacy\nuse_dualstack_endpoint = true\n', keys)
    yield Case('sts nonsense', default + 'sts_regional_endpoints = x\n', keys)
    yield Case('sts by variable', default, keys, {'AWS_STS_REGIONAL_ENDPOINTS': 'legacy'})
    for region, fips, dual in itertools.product(
            ('us-east-1', 'cn-north-1', 'us-gov-west-1', 'eusc-de-east-1', 'us-iso-east-1', 'nowhere-1'),
            ('true', 'false', 'yes'), ('TRUE', 'false')):
        yield Case(f'{region} fips={fips} dual={dual}', f'[default]\nregion = {region}\n', keys,
                   {'AWS_USE_FIPS_ENDPOINT': fips, 'AWS_USE_DUALSTACK_ENDPOINT': dual})


def generated(url, seed, count):
    """Profiles and variables thrown together."""
    rng = random.Random(seed)
    names = ('default', 'a', 'b', 'c')
    parts = [
        static_keys('X'), 'aws_access_key_id = A\n', 'aws_secret_access_key = s\n', 'aws_session_token = t\n',
        process(), process(status=1), SSO, 'sso_account_id = 1\n',
        'role_arn = arn:aws:iam::1:role/r\n', 'web_identity_token_file = /x\n', 'credential_source = Environment\n',
        'credential_source = EcsContainer\n', 'source_profile = a\n', 'source_profile = b\n',
        'source_profile = default\n', 'region = eu-west-1\n', 'region = cn-north-1\n', 'use_fips_endpoint = true\n',
        'use_dualstack_endpoint = true\n', 'endpoint_url = http://localhost:5\n', 'services = s\n',
        'ignore_configured_endpoint_urls = true\n', 'sts_regional_endpoints = legacy\n',
        'sso_session = w\nsso_account_id = 1\nsso_role_name = r\n', 'role_session_name = x\n', 'external_id = e\n',
    ]
    variables = [
        ENV_KEYS, {'AWS_ACCESS_KEY_ID': 'X'}, {'AWS_WEB_IDENTITY_TOKEN_FILE': '/x', 'AWS_ROLE_ARN': 'r'},
        {'AWS_WEB_IDENTITY_TOKEN_FILE': '/x'}, {'AWS_CONTAINER_CREDENTIALS_FULL_URI': url + '/container'},
        {'AWS_EC2_METADATA_DISABLED': None, 'AWS_EC2_METADATA_SERVICE_ENDPOINT': url},
        {'AWS_DEFAULT_REGION': 'us-west-2'}, {'AWS_ENDPOINT_URL': 'http://localhost:6'},
        {'AWS_ENDPOINT_URL_STS': 'http://localhost:7'}, {'AWS_USE_FIPS_ENDPOINT': 'true'},
        {'AWS_PROFILE': 'a'}, {'AWS_PROFILE': 'b'}, {'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS': 'true'},
    ]

    def section(prefix, name):
        body, seen = '', set()
        for part in rng.sample(parts, rng.randint(0, 6)):
            keys = {line.split(' ')[0] for line in part.splitlines()}
            if not keys & seen:
                body += part
                seen |= keys
        return f'[{prefix if name != "default" else ""}{name}]\n{body}'

    extra = ('[services s]\necs =\n  endpoint_url = http://localhost:8\n'
             '[sso-session w]\nsso_start_url = https://x\nsso_region = eu-west-1\n')
    for number in range(count):
        env = {}
        for entry in rng.sample(variables, rng.randint(0, 3)):
            env.update(entry)
        config = ''.join(section('profile ', n) for n in names if rng.random() < 0.8)
        credentials = ''.join(section('', n) for n in names if rng.random() < 0.4)
        yield Case(f'generated {number} of seed {seed}', config + (extra if rng.random() < 0.9 else ''),
                   credentials, env, rng.choice((None, None, 'a', 'b', 'default')))


def record(path, cases, url):
    """Of an error the type: its text names files and versions."""
    botocore, answers = Botocore(), {}
    for case in cases:
        with tempfile.TemporaryDirectory() as home:
            answer = botocore.ask(case, write_files(case, home))
        if 'error' in answer:
            answer['error'] = answer['error'].split(':')[0]
        answers[case.digest(url)] = (case.name, answer)
    lines = ',\n'.join(f'{json.dumps(digest)}: {json.dumps(answer)}' for digest, answer in answers.items())
    version = importlib.metadata.version('botocore')
    pathlib.Path(path).write_text(f'{{"botocore": "{version}", "answers": {{\n{lines}\n}}}}\n')


def serve_metadata():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'http://127.0.0.1:{server.server_port}'


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ecsfs', default='ecsfs')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=150)
    parser.add_argument('--only', default='', help='cases whose name has this')
    parser.add_argument('--record', help='write the answers of botocore to this file')
    parser.add_argument('--recorded', help='take the answers of botocore from this file')
    return parser.parse_args()


def main():
    arguments = arguments_of()
    url = serve_metadata()
    cases = [case for case in itertools.chain(named(url), generated(url, arguments.seed, arguments.count))
             if arguments.only in case.name]
    if arguments.record:
        return record(arguments.record, cases, url)
    botocore = Recorded(arguments.recorded, url) if arguments.recorded else Botocore()
    compared = different = 0
    for case in cases:
        compared += 1
        differs = compare(arguments.ecsfs, case, botocore)
        if differs:
            different += 1
            print(f'{case}\n=> (botocore, ecsfs) {differs}\n')
        if different == 10:
            break
    print(f'{compared} compared, {different} different')
    return 1 if different or not compared else 0


if __name__ == '__main__':
    sys.exit(main())
