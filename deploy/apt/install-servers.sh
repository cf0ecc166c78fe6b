#!/bin/sh
# Installs Debian or Ubuntu packages of servers without leaving a server running, enabled or set up:
# the exchange starts servers of its own. Runs as root. Arguments: the packages.
set -eu

POLICY=/usr/sbin/policy-rc.d
POLICY_ASIDE=/usr/sbin/policy-rc.d.before-palisade
CLUSTER_CONF=/etc/postgresql-common/createcluster.conf
CLUSTER_CONF_ASIDE=/etc/postgresql-common/createcluster.conf.before-palisade

export DEBIAN_FRONTEND=noninteractive
export LC_ALL=C

# What is changed for the time of the installation is put back however the script ends.
restore() {
  if [ -e "$POLICY_ASIDE" ]; then mv -f "$POLICY_ASIDE" "$POLICY"; else rm -f "$POLICY"; fi
  if [ -e "$CLUSTER_CONF_ASIDE" ]; then mv -f "$CLUSTER_CONF_ASIDE" "$CLUSTER_CONF"; fi
}

install_packages() {
  apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}

is_installed() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# One at a time: a second one would take the first one's changes for the machine's own.
exec 9>/run/palisade-install-servers
flock 9

# Services that are new here would be started at the next boot; those that were here before stay.
new_services=
for package in "$@"; do
  case $package in
  postgresql) is_installed postgresql-common || new_services="$new_services postgresql" ;;
  etcd-server) is_installed etcd-server || new_services="$new_services etcd" ;;
  *) is_installed "$package" || new_services="$new_services $package" ;;
  esac
done

trap restore EXIT
trap 'exit 130' INT TERM HUP

# A package's own script asks this policy before it starts its service: the answer is no.
if [ -e "$POLICY" ] && [ ! -e "$POLICY_ASIDE" ]; then cp -p "$POLICY" "$POLICY_ASIDE"; fi
printf '#!/bin/sh\nexit 101\n' >"$POLICY.new"
chmod 755 "$POLICY.new"
mv -f "$POLICY.new" "$POLICY"

# The PostgreSQL package makes a cluster unless this file, of a package it depends on, forbids it.
case " $* " in
*" postgresql "*)
  is_installed postgresql-common || install_packages postgresql-common
  cp -p "$CLUSTER_CONF" "$CLUSTER_CONF_ASIDE"
  printf '\ncreate_main_cluster = false\n' >>"$CLUSTER_CONF"
  ;;
esac

install_packages "$@"

for service in $new_services; do
  # The helper works without a running systemd, but wants to be called in a package's name.
  DPKG_MAINTSCRIPT_PACKAGE=$service deb-systemd-helper disable "$service.service" \
    >/dev/null 2>&1 || true
  update-rc.d "$service" disable >/dev/null 2>&1 || true
done
