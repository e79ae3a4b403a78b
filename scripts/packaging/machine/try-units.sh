#!/bin/bash
# Runs inside a machine that systemd has booted, as root: installs the package that lies in /root and does to its services what
# happens to them in a nacelle. Tells a line for each case: verdict, name, what was seen, with tabs between them; after a
# restart of the machine it goes on. What needs a hand outside is asked for by a line of its own.
set -u
stage=/root/stage
gateway=aurora-gateway.service
collector=aurora-collector.service
state=/var/lib/aurora

say() { printf '%s\t%s\t%s\n' "$1" "$2" "$(tr '\n\t' '| ' <<< "${3:-}" | tail -c 1500)"; }
# judge NAME WANTED SEEN
judge() { if [ "$2" = "$3" ]; then say good "$1"; else say wrong "$1" "wanted $2, seen $3"; fi; }
show() { systemctl show --value --property "$2" "$1"; }
journal() { journalctl --no-pager --output cat --lines "${2:-8}" --unit "$1"; }
# waits SECONDS COMMAND...: until it succeeds
waits() {
  local left=$1
  shift
  until "$@" > /dev/null 2>&1; do left=$((left - 1)); [ "$left" -gt 0 ] || return 1; sleep 1; done
}
is_another() { local pid; pid=$(show "$1" MainPID); [ "$(show "$1" ActiveState)" = active ] && [ "$pid" != 0 ] && [ "$pid" != "$2" ]; }
has_open() { ls -l "/proc/$(show "$1" MainPID)/fd" | grep -q " $2\$"; }
# Runs a command under all that the unit's processes are under, but for their user: their mounts and their control group.
within() {
  local unit=$1 pid
  shift
  pid=$(show "$unit" MainPID)
  bash -c 'echo $$ > "/sys/fs/cgroup/system.slice/$1/cgroup.procs"; pid=$2; shift 2; exec nsenter --mount --target "$pid" -- "$@"' - "$unit" "$pid" "$@"
}

install_package() {
  local said
  said=$(dpkg -i /root/aurora-edge.deb 2>&1) || { say wrong "dpkg -i beside a running systemd" "$said"; return; }
  judge "dpkg -i beside a running systemd" "" "$(dpkg --audit)"
  judge "no service is enabled or started by it" "disabled inactive disabled inactive" \
    "$(for unit in $gateway $collector; do systemctl is-enabled $unit; systemctl is-active $unit; done | xargs)"
}

# As the README says it; and a second line, of an adapter that is plugged in later.
configure() {
  # As the comment in the file says it.
  sed -n "s/^ *#  *sudo \(sh -c '.*'\)$/\1/p" /etc/aurora/collector.yaml > /root/password.sh
  sh /root/password.sh
  sed -i -e 's/my-site/north/' -e '/gateways:/s/# //' -e '/{ id: gw-1/s/# //' /etc/aurora/collector.yaml
  judge "the collector's configuration is good" "/etc/aurora/collector.yaml: good" \
    "$(aurora config validate /etc/aurora/collector.yaml collector 2>&1)"
  aurora init /etc/aurora/gateway.yaml --force --gateway gw-1 --site north --connect /dev/ttyS2 --bearing 6205-2RS \
    --username gw-1 --password-file /etc/aurora/gw-1.password --yes > /root/log 2>&1
  judge "init writes the configuration of a serial port" 0 $?
  sed -i 's#^turbines:#  - { id: mcu-2, connect: /dev/ttyUSB0 }\n\nturbines:#' /etc/aurora/gateway.yaml
  grep -A9 'id: WT01' /etc/aurora/gateway.yaml | sed -e 's/WT01/WT02/' -e 's/mcu-1/mcu-2/' >> /etc/aurora/gateway.yaml
  judge "the configuration is good" "/etc/aurora/gateway.yaml: good" "$(aurora config validate /etc/aurora/gateway.yaml 2>&1)"
}

start() {
  local unit=$1 said
  said=$(systemctl enable --now "$unit" 2>&1) || { say wrong "$unit starts" "$said$(journal "$unit")"; return; }
  judge "$unit is started when it says so itself" "notify active running success" \
    "$(for key in Type ActiveState SubState Result; do show "$unit" $key; done | xargs)"
  local pid status
  pid=$(show "$unit" MainPID)
  status=$(grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status" | xargs)
  judge "$unit has no capability, gains none, and is filtered" \
    "CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2" "$status"
  judge "$unit runs as its own user" "aurora" "$(stat -c %U "/proc/$pid")"
}

closed() {
  local unit=$1 own=$2 path wrong=
  for path in /etc /etc/aurora /usr /boot /root /home /var /var/lib /var/lib/aurora; do
    within "$unit" touch "$path/probe" 2> /dev/null && wrong="$wrong $path"
  done
  judge "$unit writes nowhere else, were it root" "" "$wrong"
  within "$unit" touch "$state/$own/probe" && within "$unit" rm "$state/$own/probe"
  judge "$unit writes into its own folder" 0 $?
  judge "$unit: nobody else reads what it keeps" "aurora 700" "$(stat -c '%U %a' "$state/$own")"
  judge "$unit has a /tmp of its own" 0 "$(touch /tmp/probe; within "$unit" ls /tmp | wc -l)"
  within "$unit" dd if=/dev/vda of=/dev/null count=1 2> /dev/null
  judge "$unit does not read the disk's device, were it root" 1 $?
}

lines() {
  waits 60 has_open $gateway /dev/ttyS2
  judge "the gateway opens a serial port" 0 $?
  say plug "an adapter of a serial line"
  waits 60 test -c /dev/ttyUSB0 || { say wrong "an adapter is plugged in" "$(dmesg | tail -15)"; return; }
  waits 90 has_open $gateway /dev/ttyUSB0
  judge "the gateway opens an adapter that is plugged in while it runs" 0 $?
}

examine() {
  local said code
  said=$(setpriv --reuid aurora --regid aurora --init-groups aurora doctor 2>&1)
  code=$?
  # Nobody sends on either line.
  judge "doctor finds the way to the collector good" 1 "$(grep -c 'record.*stored' <<< "$said")"
  say seen "doctor, exit code $code" "$said"
}

restart() {
  local unit=$1 before level
  before=$(show "$unit" MainPID)
  systemctl restart "$unit"
  judge "$unit is restarted" "0 another" "$? $(is_another "$unit" "$before" && echo another)"
  # What systemd hears of a service it writes down for those who look for faults alone.
  level=$(systemctl log-level)
  systemctl log-level debug
  systemctl stop "$unit"
  systemctl log-level "$level"
  judge "$unit stops by itself when it is asked to" "inactive success 0" \
    "$(for key in ActiveState Result ExecMainStatus; do show "$unit" $key; done | xargs)"
  journalctl --sync
  judge "$unit tells of its stop" 1 "$(journalctl --no-pager --output cat --unit "$unit" | grep -cm1 'notification message.*STOPPING=1')"
  systemctl start "$unit"
  before=$(show "$unit" MainPID)
  kill -KILL "$before"
  waits 240 is_another "$unit" "$before"
  judge "$unit comes back when it is killed" 0 $?
}

# A process that does not work any more: systemd kills it after WatchdogSec and starts another.
watchdog() {
  local unit before=()
  for unit in $gateway $collector; do before+=("$(show $unit MainPID)"); done
  sleep 75
  judge "services that work are left alone" "${before[*]}" "$(show $gateway MainPID) $(show $collector MainPID)"
  kill -STOP "${before[@]}"
  for unit in $gateway $collector; do
    waits 240 is_another $unit "${before[0]}"
    judge "$unit: the watchdog starts another when work stands still" 0 $?
    judge "$unit: it was the watchdog" 1 "$(journalctl --no-pager --output cat --unit $unit | grep -cm1 'Watchdog timeout')"
    before=("${before[@]:1}")
  done
  judge "what was ended leaves no image of its memory" "" "$(find / -xdev -name 'core*' -size +1M -not -path '/usr/*' -not -path '/boot/*')"
}

refused() {
  local said
  cp -p /etc/aurora/gateway.yaml /root/good.yaml
  sed -i 's/bpfo: 3[.]/bpfo: 3,/' /etc/aurora/gateway.yaml
  systemctl restart $gateway 2> /dev/null
  judge "a wrong configuration is no start" 1 $?
  said=$(journal $gateway 20)
  judge "and the journal names file and line" 1 "$(grep -cm1 '/etc/aurora/gateway.yaml:[0-9]*:[0-9]*: ' <<< "$said")"
  say seen "journal of a wrong configuration" "$said"
  sed 's#^  site: .*#&\n  stateDir: /srv/aurora#' /root/good.yaml > /etc/aurora/gateway.yaml
  systemctl restart $gateway 2> /dev/null
  said=$(journal $gateway 20)
  judge "the journal says that the unit keeps the folder of the state closed" 1 "$(grep -cm1 'ReadWritePaths=/srv/aurora' <<< "$said")"
  say seen "journal of a state folder elsewhere" "$said"
  cp -p /root/good.yaml /etc/aurora/gateway.yaml
  systemctl reset-failed $gateway
  waits 60 systemctl is-active $gateway
  judge "mended, it starts by itself" 0 $?
}

booted() {
  waits 240 systemctl is-active $gateway && waits 240 systemctl is-active $collector
  judge "both services start with the machine" "active active" "$(systemctl is-active $gateway $collector | xargs)"
}

upgrade() {
  local before
  before=$(show $gateway MainPID)
  systemctl disable --now $collector 2> /dev/null
  echo kept > $state/gateway/kept
  dpkg -i /root/newer.deb > /root/log 2>&1 < /dev/null || say wrong "dpkg -i of a newer version" "$(cat /root/log)"
  judge "an upgrade starts what ran with the new version, and nothing else" "another inactive 99.0.0" \
    "$(waits 60 is_another $gateway "$before" && echo another) $(systemctl is-active $collector) $(dpkg-query -W -f "\${Version}" aurora-edge)"
  judge "an upgrade keeps state and a changed configuration" "kept 1" \
    "$(cat $state/gateway/kept) $(grep -c ttyUSB0 /etc/aurora/gateway.yaml)"
}

leave() {
  dpkg -r aurora-edge > /root/log 2>&1 || say wrong "dpkg -r" "$(cat /root/log)"
  judge "removal ends what runs, and keeps state and configuration" "inactive 0 kept 1" \
    "$(systemctl is-active $gateway) $(find /proc -maxdepth 1 -user aurora | wc -l) $(cat $state/gateway/kept) $(grep -c ttyUSB0 /etc/aurora/gateway.yaml)"
  # Made by hand, and nobody else's to delete.
  rm /etc/aurora/gw-1.password
  dpkg -P aurora-edge > /root/log 2>&1 || say wrong "dpkg -P" "$(cat /root/log)"
  judge "purge leaves nothing but the user" "" \
    "$(find / -xdev -iname '*aurora*' -not -path '/proc/*' -not -path '/root/*' -not -path '/tmp/*' | xargs)"
  judge "no unit of it is left or failed" "0 0" \
    "$(systemctl list-units --all --plain --no-legend 'aurora*' | wc -l) $(systemctl list-unit-files --no-legend 'aurora*' | wc -l)"
}

if [ ! -e $stage ]; then
  touch $stage
  install_package
  configure
  start $collector
  start $gateway
  closed $gateway gateway
  closed $collector collector
  lines
  examine
  restart $gateway
  restart $collector
  watchdog
  refused
  say reboot "the machine"
  systemctl reboot
else
  booted
  upgrade
  leave
  say end "the machine"
  systemctl poweroff
fi
