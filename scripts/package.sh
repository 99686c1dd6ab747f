#!/usr/bin/env bash
# Makes packages in build-package/ (or $ECSFS_DIST).
#
#   scripts/package.sh deb       a Debian package; lintian looks at it where it is installed
#   scripts/package.sh source    a tarball of what is committed
#   scripts/package.sh rpm       an RPM of that tarball (rpmbuild --nodeps: on Debian its packages have other names)
#   scripts/package.sh try       as root: install, use, upgrade and remove the .deb in a bare Debian 12 (debootstrap)
. "$(dirname "$0")/lib.sh"

dist=${ECSFS_DIST:-$top/build-package}
version=$(sed -n 's/^project(ecsfs VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
codename=bookworm

# deb [REVISION]: sets $deb.
make_deb() {
	local revision=${1:-1} built=${ECSFS_BUILD:-$dist/build}
	say "deb $version-$revision"
	[ -n "${ECSFS_BUILD:-}" ] || build "$built" -DCMAKE_INSTALL_PREFIX=/usr -DECSFS_TESTS=OFF
	(cd "$dist" && cpack --config "$built/CPackConfig.cmake" -G DEB -D CPACK_DEBIAN_PACKAGE_RELEASE="$revision" \
		-D CPACK_PACKAGE_DIRECTORY="$dist" >"$dist/cpack.log" 2>&1) || {
		cat "$dist/cpack.log" >&2
		die "cpack failed"
	}
	deb=$dist/ecsfs_$version-${revision}_$(dpkg --print-architecture).deb
	[ -e "$deb" ] || die "cpack made no $deb"
	if command -v lintian >/dev/null; then
		lintian --fail-on error "$deb" || die "lintian has errors"
	fi
	say "$deb"
}

make_source() {
	git -C "$top" archive --format=tar.gz --prefix="ecsfs-$version/" -o "$dist/ecsfs-$version.tar.gz" HEAD
	say "$dist/ecsfs-$version.tar.gz"
}

make_rpm() {
	make_source
	mkdir -p "$dist/rpm/SOURCES"
	cp "$dist/ecsfs-$version.tar.gz" "$dist/rpm/SOURCES/"
	grep -qx "Version: $version" "$top/scripts/package/ecsfs.spec" || die "ecsfs.spec is not of version $version"
	say "rpm $version"
	rpmbuild -ba --nodeps --define "_topdir $dist/rpm" --define "debug_package %{nil}" \
		"$top/scripts/package/ecsfs.spec" >"$dist/rpm.log" 2>&1 || {
		tail -n 40 "$dist/rpm.log" >&2
		die "rpmbuild failed"
	}
	say "$(find "$dist/rpm/RPMS" -name '*.rpm')"
}

# inside COMMAND...: in the bare root.
inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# Every file, but for what apt and dpkg write down of what was done and caches that any package changes.
files_of_root() {
	inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/log \
		-o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print | sort
}

end_root() {
	umount -l "$root/mnt/ecs" 2>/dev/null || true
	umount -l "$root/dev" "$root/proc" 2>/dev/null || true
	[ -n "${ECSFS_ROOT:-}" ] || rm -rf --one-file-system "$root"
}

start_root() {
	[ "$(id -u)" = 0 ] || die "try needs root (chroot, debootstrap)"
	root=${ECSFS_ROOT:-$dist/root}
	if [ ! -e "$root/usr/bin/dpkg" ]; then
		command -v debootstrap >/dev/null || die "debootstrap is missing"
		say "debootstrap $codename"
		debootstrap --variant=minbase "$codename" "$root" >"$dist/debootstrap.log" || die "debootstrap failed: $dist/debootstrap.log"
	fi
	trap end_root EXIT
	mount -t proc proc "$root/proc"
	mount --bind /dev "$root/dev"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	# As an installed system has it; fusermount3 leaves a lock file beside an mtab that is no link.
	ln -sfn ../proc/self/mounts "$root/etc/mtab"
}

# The file system in the root: mounted from the demo, read, written, unmounted.
use() {
	inside mkdir -p /mnt/ecs
	inside ecsfs --demo /mnt/ecs
	inside ls /mnt/ecs/clusters/prod/services | grep -qx web
	inside sh -ec 'cd /mnt/ecs/clusters/prod/services/web; echo 5 >desired_count; test "$(cat desired_count)" = 5'
	inside ecsfs list | grep '^/mnt/ecs ' >/dev/null
	inside fusermount3 -u /mnt/ecs
	inside rmdir /mnt/ecs
}

try() {
	local before after
	make_deb 2
	local newer=$deb
	make_deb 1
	start_root
	cp "$deb" "$root/tmp/old.deb"
	cp "$newer" "$root/tmp/new.deb"
	say "dependencies: $(dpkg-deb -f "$deb" Depends)"
	inside apt-get update -qq
	# shellcheck disable=SC2046
	inside apt-get install -y -qq --no-install-recommends $(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g') >/dev/null
	before=$(files_of_root)
	say "install"
	inside apt-get install -y -qq --no-install-recommends /tmp/old.deb >/dev/null
	use
	inside ecsfs doctor --demo >"$dist/doctor.log" || die "doctor finds failures: $dist/doctor.log"
	say "upgrade, with a mount that goes on"
	inside mkdir -p /mnt/ecs
	inside ecsfs --demo /mnt/ecs
	inside apt-get install -y -qq --no-install-recommends /tmp/new.deb >/dev/null
	[ "$(inside dpkg-query -W -f '${Version}' ecsfs)" = "$version-2" ]
	[ "$(inside cat /mnt/ecs/clusters/prod/services/web/desired_count)" = 4 ]
	inside fusermount3 -u /mnt/ecs
	inside rmdir /mnt/ecs
	use
	say "remove"
	inside apt-get purge -y -qq ecsfs >/dev/null
	after=$(files_of_root)
	diff <(printf '%s\n' "$before") <(printf '%s\n' "$after") || die "something is left behind, or gone"
	say "installed, used, upgraded and removed: nothing is left"
}

[ $# -gt 0 ] || set -- deb source
mkdir -p "$dist"
for what in "$@"; do
	case $what in
	deb) make_deb ;;
	source) make_source ;;
	rpm) make_rpm ;;
	try) try ;;
	*) die "unknown package '$what': deb, source, rpm or try" ;;
	esac
done
