#!/usr/bin/env bash
# Starts a worker on an instance: installs what it needs, has its certificate signed, and reports failures to the engine.
# A second start uses what an earlier one installed. docs/deploy.md describes all variables.
set -euo pipefail

# The oldest Node.js that tsworker runs on.
readonly NODE_MINIMUM=20.18.1

WORKSPACE_DIR=${WORKSPACE_DIR:-/workspace}
SERVER_DIR=${SERVER_DIR:-$WORKSPACE_DIR/worker}
PYWORKER_REPO=${PYWORKER_REPO:-}
PYWORKER_REF=${PYWORKER_REF:-}
WORKER=${WORKER:-worker.ts}
TSWORKER_PACKAGE=${TSWORKER_PACKAGE:-tsworker}
WORKER_NODE_VERSION=${WORKER_NODE_VERSION:-22.23.3}
NODE_MIRROR=${NODE_MIRROR:-https://nodejs.org/dist}
WORKER_PORT=${WORKER_PORT:-3000}
REPORT_ADDR=${REPORT_ADDR:-https://run.vast.ai}
USE_SSL=${USE_SSL:-true}
SSL_CERTIFICATE=${SSL_CERTIFICATE:-/etc/instance.crt}
SSL_CERTIFICATE_KEY=${SSL_CERTIFICATE_KEY:-/etc/instance.key}
SIGN_CERT_URL=${SIGN_CERT_URL:-https://console.vast.ai/api/v0/sign_cert/?instance_id=${CONTAINER_ID:-}}
MODEL_LOG=${MODEL_LOG:-}
ROTATE_MODEL_LOG=${ROTATE_MODEL_LOG:-true}
WORKER_LOG=${WORKER_LOG:-$WORKSPACE_DIR/worker.log}
FORCE_UPDATE_FILE=${FORCE_UPDATE_FILE:-/.force_update}
RETRY_PAUSE=${RETRY_PAUSE:-2}
export WORKER_PORT REPORT_ADDR USE_SSL SSL_CERTIFICATE SSL_CERTIFICATE_KEY FORCE_UPDATE_FILE

log() { printf 'start_worker: %s\n' "$*"; }

# Logs an error, reports it to the engine, and exits. Only for the main shell: a subshell would exit alone.
fail() {
  log "error: $1" >&2
  report_to_engine "start_worker: $1"
  exit 1
}

# $1 as a JSON string. Control characters become blanks.
json() { printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037' ' ' | sed 's/[\\"]/\\&/g')"; }

# One status report with an error, to each of the engine's addresses.
report_to_engine() {
  local report address addresses
  if ! [[ ${CONTAINER_ID:-} =~ ^-?(0|[1-9][0-9]*)$ ]]; then
    log "no report to the engine: CONTAINER_ID is not an integer"
    return
  fi
  report="{\"id\":$CONTAINER_ID,\"mtoken\":$(json "${MASTER_TOKEN:-}"),\"version\":\"0\",\"error_msg\":$(json "$1"),
    \"loadtime\":0,\"cur_load\":0,\"rej_load\":0,\"new_load\":0,\"max_perf\":0,\"cur_perf\":0,\"cur_capacity\":0,
    \"max_capacity\":0,\"num_requests_working\":0,\"num_requests_recieved\":0,\"additional_disk_usage\":0,
    \"working_request_idxs\":[],\"url\":\"\"}"
  IFS=', ' read -ra addresses <<<"$REPORT_ADDR"
  for address in "${addresses[@]}"; do
    # Through standard input, because every process may read a command line, and the report has the token.
    if printf '%s' "$report" | curl -fsS -o /dev/null --max-time 10 --retry 2 --retry-connrefused \
      -H 'Content-Type: application/json' --data-binary @- "${address%/}/worker_status/"; then
      log "reported to $address"
    else
      log "could not report to $address"
    fi
  done
}

# Takes the user and the password out of URLs.
redacted() { sed -uE 's#://[^/@[:space:]]+@#://#g'; }

# The reason of a failure in a program's output, the file $1: three lines from the first one about an error, or else the
# last one.
reason_in() {
  if [[ ! -s $1 ]]; then
    echo "no output"
    return
  fi
  { grep -m 1 -A 2 -iE 'error|fatal|failed' "$1" || tail -n 1 "$1"; } |
    redacted | tr -s '[:space:]' ' ' | sed 's/ $//' | cut -c 1-500
}

# Runs a command. $1: the message of a failure.
attempt() {
  local fault=$1 output=$scratch/output
  shift
  if ! "$@" 2>&1 | redacted | tee "$output"; then fail "$fault: $(reason_in "$output")"; fi
}

# Whether the worker is a file, and not the name of an example.
is_file() { [[ $WORKER =~ \.[cm]?[jt]sx?$ || $WORKER == [./]* ]]; }

uses_tls() { [[ ${USE_SSL,,} == true ]]; }

check_environment() {
  local faults=() name
  needs() { [[ -n ${!1:-} ]] || faults+=("$1: expected $2, but it is not set"); }
  [[ ${CONTAINER_ID:-0} =~ ^-?[0-9]+$ ]] || faults+=("CONTAINER_ID: expected an integer, got \"$CONTAINER_ID\"")
  needs CONTAINER_ID "the instance's id"
  needs PUBLIC_IPADDR "the address at which clients reach this instance"
  if [[ $WORKER_PORT =~ ^[0-9]+$ ]]; then
    needs "VAST_TCP_PORT_$WORKER_PORT" "the port at which clients reach this instance"
  else
    faults+=("WORKER_PORT: expected a port number, got \"$WORKER_PORT\"")
  fi
  if is_file; then needs PYWORKER_REPO "the Git repository with $WORKER"; fi
  for name in curl tar sha256sum ${PYWORKER_REPO:+git} $(if uses_tls; then echo openssl; fi); do
    command -v "$name" >/dev/null || faults+=("$name: expected this program in the image, but it is not there")
  done
  if ((${#faults[@]} > 0)); then fail "$(printf '%s\n' "${faults[@]}")"; fi
}

node_is_fine() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    printf 'v%s\n%s\n' "$NODE_MINIMUM" "$(node --version)" | sort -V -C
}

install_node() {
  if node_is_fine; then return; fi
  local architecture name
  case $(uname -m) in
    x86_64) architecture=x64 ;;
    aarch64 | arm64) architecture=arm64 ;;
    *) fail "there is no Node.js $NODE_MINIMUM or newer, and no official one for $(uname -m): add it to the image" ;;
  esac
  name=node-v$WORKER_NODE_VERSION-linux-$architecture
  PATH=$WORKSPACE_DIR/$name/bin:$PATH
  if node_is_fine; then return; fi
  log "installing Node.js $WORKER_NODE_VERSION"
  attempt "cannot fetch Node.js $WORKER_NODE_VERSION" download "$name.tar.gz" SHASUMS256.txt
  attempt "the archive of Node.js does not match the mirror's SHASUMS256.txt" check_archive "$name.tar.gz"
  attempt "cannot unpack Node.js" tar -xzf "$scratch/$name.tar.gz" -C "$scratch" --no-same-owner
  rm -rf "${WORKSPACE_DIR:?}/$name"
  attempt "cannot install Node.js" mv "$scratch/$name" "$WORKSPACE_DIR/"
  hash -r
  node_is_fine || fail "Node.js $WORKER_NODE_VERSION does not run here, or is older than $NODE_MINIMUM"
}

# Files of this version of Node.js.
download() {
  local file
  for file in "$@"; do
    curl -fsSL --retry 3 --retry-connrefused -o "$scratch/$file" "$NODE_MIRROR/v$WORKER_NODE_VERSION/$file" || return
  done
}

# Of the archive $1. One that is not listed fails as well.
check_archive() { (cd "$scratch" && grep " $1\$" SHASUMS256.txt | sha256sum --check --strict); }

# Identifies an installation: it is kept while this stays the same.
wanted() { printf '%s\n' "$PYWORKER_REPO" "$PYWORKER_REF" "$TSWORKER_PACKAGE" "$(node --version)"; }

install_worker() {
  # Within node_modules, and written last: an interrupted installation has none.
  local installed=$SERVER_DIR/node_modules/.start_worker
  if [[ ! -e $FORCE_UPDATE_FILE && -e $installed && $(<"$installed") == "$(wanted)" ]]; then
    log "using the installation of an earlier start"
  else
    rm -f "$installed"
    if [[ -n $PYWORKER_REPO ]]; then fetch_repository; else attempt "cannot make a project" make_project; fi
    log "installing packages"
    attempt "cannot install the packages" install_packages
    [[ -e $SERVER_DIR/node_modules/.bin/tsworker ]] ||
      fail "package.json does not name tsworker as a dependency: npm install it from a clone or a packed file"
    wanted >"$installed"
  fi
  if is_file && ! (cd "$SERVER_DIR" && [[ -e $WORKER ]]); then
    fail "WORKER: there is no $WORKER in the repository"
  fi
  rm -f "$FORCE_UPDATE_FILE"
}

# A branch, a tag or a commit of the repository; without any, what its HEAD names.
fetch_repository() {
  local candidate commit='' candidates=(refs/start/default)
  if [[ -n $PYWORKER_REF ]]; then
    candidates=("refs/remotes/origin/$PYWORKER_REF" "refs/tags/$PYWORKER_REF" "$PYWORKER_REF")
  fi
  log "fetching the repository"
  attempt "cannot fetch the repository" git_fetch
  for candidate in "${candidates[@]}"; do
    if commit=$(git -C "$SERVER_DIR" rev-parse --verify --quiet "$candidate^{commit}"); then break; fi
  done
  [[ -n $commit ]] || fail "PYWORKER_REF: the repository has no branch, tag or commit \"$PYWORKER_REF\""
  attempt "cannot check out $commit" git -C "$SERVER_DIR" checkout --quiet --force --detach "$commit"
  log "at commit $commit"
  [[ -e $SERVER_DIR/package.json ]] ||
    fail "the repository has no package.json: it needs one with tsworker as a dependency"
}

# Works for a new folder, and for one of an earlier start, complete or not. Git must not prompt for a password.
git_fetch() {
  git init --quiet "$SERVER_DIR" &&
    git -C "$SERVER_DIR" config remote.origin.url "$PYWORKER_REPO" &&
    GIT_TERMINAL_PROMPT=0 git -C "$SERVER_DIR" fetch --quiet --force --prune origin \
      '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' '+HEAD:refs/start/default'
}

# For an example of the package: a project with nothing else in it.
make_project() {
  mkdir -p "$SERVER_DIR" && printf '{"private":true}\n' >"$SERVER_DIR/package.json"
}

install_packages() {
  local quietly=(--no-audit --no-fund --no-update-notifier)
  cd "$SERVER_DIR" || return
  if [[ -z $PYWORKER_REPO ]]; then
    npm install "${quietly[@]}" "$TSWORKER_PACKAGE"
  elif [[ -e package-lock.json || -e npm-shrinkwrap.json ]]; then
    npm ci "${quietly[@]}"
  else
    npm install "${quietly[@]}"
  fi
}

# Whether the certificate $1 belongs to the key $2.
fit_together() {
  local certified
  certified=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) &&
    [[ $certified == "$(openssl pkey -in "$2" -pubout 2>/dev/null)" ]]
}

# Of $1, the subject or the issuer.
name_in_certificate() { openssl x509 -in "$SSL_CERTIFICATE" -noout "-$1_hash"; }

# Whether there is a certificate that is not self-signed, and valid for another day at least.
certificate_is_fine() {
  fit_together "$SSL_CERTIFICATE" "$SSL_CERTIFICATE_KEY" &&
    openssl x509 -in "$SSL_CERTIFICATE" -noout -checkend 86400 >/dev/null &&
    [[ $(name_in_certificate subject) != "$(name_in_certificate issuer)" ]]
}

# Replaces both files only when the signed certificate has arrived and belongs to its key.
get_certificate() {
  local key=$scratch/key request=$scratch/request certificate=$scratch/certificate output=$scratch/output
  local pause=$RETRY_PAUSE try fault
  if certificate_is_fine; then return; fi
  log "having the certificate signed"
  attempt "cannot make a key" make_signing_request "$key" "$request"
  for try in 1 2 3 4 5; do
    if curl -fsS --max-time 30 -H 'Content-Type: application/octet-stream' --data-binary "@$request" \
      -o "$certificate" "$SIGN_CERT_URL" 2>"$output"; then
      if fit_together "$certificate" "$key"; then break; fi
      fault="its answer is no certificate for the key"
    else
      fault=$(reason_in "$output")
    fi
    if ((try == 5)); then fail "the certificate was not signed, in 5 tries: $fault"; fi
    log "the certificate was not signed, the next try is in $pause s: $fault"
    sleep "$pause"
    pause=$((pause * 2))
  done
  attempt "cannot store the certificate" store_certificate "$key" "$certificate"
}

# A key in $1 and the request in $2, with the subject and the extensions that the signing service expects.
make_signing_request() {
  (umask 077 && openssl req -newkey rsa:2048 -nodes -sha256 -keyout "$1" -out "$2" \
    -subj "/C=US/ST=CA/CN=pyworker.vast.ai" -addext "subjectAltName=IP:0.0.0.0" -addext "basicConstraints=CA:FALSE" \
    -addext "keyUsage=nonRepudiation,digitalSignature,keyEncipherment")
}

store_certificate() {
  mkdir -p "$(dirname "$SSL_CERTIFICATE")" "$(dirname "$SSL_CERTIFICATE_KEY")" &&
    install -m 600 "$1" "$SSL_CERTIFICATE_KEY" && install -m 644 "$2" "$SSL_CERTIFICATE"
}

# Moves the lines of an earlier start away: they would report that the model has loaded, or failed. A log that a process
# holds open belongs to a running model server: its lines count.
rotate_model_log() {
  if [[ $ROTATE_MODEL_LOG != true || -z $MODEL_LOG || ! -s $MODEL_LOG ]]; then return; fi
  if [[ -n $(find /proc/[0-9]*/fd -lname "$(readlink -f "$MODEL_LOG")" -print -quit 2>/dev/null) ]]; then
    log "the model's log is kept: a process writes to it"
    return
  fi
  # The file keeps its inode, owner and mode.
  attempt "cannot keep the model's log" cp "$MODEL_LOG" "$MODEL_LOG.old"
  attempt "cannot empty the model's log" truncate -s 0 "$MODEL_LOG"
  log "the model's log of an earlier start is in $MODEL_LOG.old"
}

# Passes each signal on once: the worker is in a process group of its own, and gets none from the terminal.
run_worker() {
  local status=0 again errors copier
  cd "$SERVER_DIR"
  ulimit -Sn "$(ulimit -Hn)" || log "the limit on open files stays at $(ulimit -Sn)"
  exec {errors}> >(trap '' TERM INT; exec tee "$scratch/errors" >&2)
  copier=$!
  log "starting $WORKER"
  trap 'signalled=yes; stopping=yes; pass_on' TERM INT
  set -m
  node_modules/.bin/tsworker run "$WORKER" 2>&"$errors" {errors}>&- &
  worker=$!
  set +m
  if [[ -n $stopping ]]; then pass_on; fi
  wait "$worker" || status=$?
  # A signal interrupts `wait`, not the worker.
  while [[ -n $signalled ]]; do
    signalled=
    again=0
    wait "$worker" || again=$?
    # 127: the worker had ended already.
    ((again == 127)) || status=$again
  done
  exec {errors}>&-
  settled "$copier"
  if ((status != 0)) && [[ -z $stopping ]]; then
    fail "the worker ended with exit code $status: $(reason_in "$scratch/errors")"
  fi
  return "$status"
}

pass_on() { if [[ -n $worker ]]; then kill -TERM "$worker" 2>/dev/null || true; fi; }

# Waits for a copying process, at most 2 s: a program that the worker left behind may hold its input open.
settled() { timeout 2 tail --pid="$1" -s 0.05 -f /dev/null || true; }

# Waits until all output has been written.
finish() {
  rm -rf "$scratch"
  exec >&- 2>&-
  settled "$logger"
}

main() {
  mkdir -p "$WORKSPACE_DIR" "$(dirname "$WORKER_LOG")" || fail "WORKSPACE_DIR: cannot write to $WORKSPACE_DIR"
  # The worker holds it, too: a second one would find its port taken, and report an error.
  exec {lock}>"$WORKSPACE_DIR/.start.lock"
  if ! flock --nonblock "$lock"; then
    log "a worker runs or is being started here already" >&2
    exit 1
  fi
  scratch=$(mktemp -d "$WORKSPACE_DIR/.start.XXXXXX")
  exec > >(trap '' TERM INT; exec tee -a "$WORKER_LOG") 2>&1
  logger=$!
  trap finish EXIT
  trap 'exit 143' TERM INT

  log "$(date -u +%FT%TZ)"
  check_environment
  install_node
  install_worker
  if uses_tls; then get_certificate; fi
  rotate_model_log
  run_worker
}

signalled='' stopping='' worker=''
# The script is read completely before it runs, and its commands do not read from it: `curl … | bash` works as well.
main </dev/null
