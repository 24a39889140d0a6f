# SPDX-License-Identifier: MIT
# where: host
# What apt installs from a signed repository runs at once, its maintainer scripts
# included; what is unsigned, changed or signed by another does not.
. "$(dirname "$0")/../lib.sh"
for tool in apt-ftparchive gpg gpgv dpkg-deb apt-get; do
	command -v $tool > /dev/null || { skip "packages" "$tool is not installed"; exit 0; }
done
set -- $AREAS
area=$1
APT=$SCRATCH/apt
export GNUPGHOME=$SCRATCH/gnupg
mkdir -p -m 700 "$GNUPGHOME"
mkdir -p "$APT/etc" "$APT/state/lists/partial" "$APT/cache/archives/partial" "$APT/log" "$area/admin/info" "$area/admin/updates"
: > "$area/admin/status"

# ---- a repository --------------------------------------------------------------

new_key() { gpg --batch --quiet --passphrase '' --quick-gen-key "$1 <$1@example.org>" ed25519 sign never > /dev/null 2>&1; }
print_of() { gpg --list-keys --with-colons "$1" | awk -F: '/^fpr/ { print $10; exit }'; }

# make_deb NAME VERSION FILE TO: a package whose program is FILE, whose scripts
# leave a line in the install log.
make_deb()
{
	local root=$SCRATCH/tree script
	rm -rf "$root" && mkdir -p "$root/DEBIAN" "$root/opt" && cp "$3" "$root/opt/$1" && chmod 755 "$root/opt/$1"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: test\n' \
		"$1" "$2" > "$root/DEBIAN/control"
	for script in preinst postinst prerm; do
		printf '#!/bin/sh\necho %s %s %s >> %s\n' "$script" "$1" "$2" "$APT/scripts" > "$root/DEBIAN/$script"
		chmod 755 "$root/DEBIAN/$script"
	done
	dpkg-deb --root-owner-group -b "$root" "$4" > /dev/null
}

ago() { LC_ALL=C date -u -d "$1 days ago" '+%a, %d %b %Y %T UTC'; }
# publish FOLDER KEY DATE
publish()
{
	(cd "$1" && rm -f InRelease Release && apt-ftparchive packages . > Packages 2> /dev/null &&
		apt-ftparchive -o APT::FTPArchive::Release::Codename=test -o APT::FTPArchive::Release::Date="$3" release . > Release.new 2> /dev/null &&
		sed -i "s/^Date: .*/Date: $3/" Release.new && mv Release.new Release &&
		gpg --batch --quiet --local-user "$2" --clearsign --output InRelease Release)
}

apt_get()
{
	timeout 60 apt-get -qq -y -o Dir::Etc::parts=/dev/null -o Dir::Etc::main=/dev/null -o Dir::Etc::sourcelist="$APT/etc/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$APT/state" \
		-o Dir::State::status="$area/admin/status" -o Dir::Cache="$APT/cache" -o Dir::Log="$APT/log" \
		-o APT::Sandbox::User=root -o DPkg::Options::=--instdir="$area" -o DPkg::Options::=--admindir="$area/admin" \
		-o DPkg::Options::=--force-script-chrootless -o DPkg::Options::=--force-not-root -o Dpkg::Use-Pty=0 \
		-o DPkg::Pre-Install-Pkgs::="$GUARDCTL --socket $SOCKET packages --lists $APT/state/lists ${HOOK:-} apt-hook" \
		-o DPkg::Tools::Options::"$GUARDCTL"::Version=3 "$@" < /dev/null
}

new_key vendor && new_key stranger || { skip "packages" "gpg cannot make keys here"; exit 0; }
vendor=$(print_of vendor) stranger=$(print_of stranger)
gpg --export vendor > "$SCRATCH/vendor.gpg"
gpg --armor --export stranger vendor > "$SCRATCH/both.asc"
repo=$SCRATCH/repo other=$SCRATCH/other
mkdir -p "$repo" "$other"
evil payload "$SCRATCH/v1" && evil payload "$SCRATCH/v2" && evil payload "$SCRATCH/odd"
make_deb tool 1.0-1 "$SCRATCH/v1" "$repo/tool_1.0-1.deb"
publish "$repo" vendor "$(ago 2)"
printf 'deb [signed-by=%s] copy:%s ./\n' "$SCRATCH/both.asc" "$repo" > "$APT/etc/sources.list"

# ---- the policy: the hash list and the vendor's key --------------------------------

sign_rules()
{
	printf 'groups = ( { name = "vendor"; rules = (\n { signers = ( { provider = "package"; key = "%s"; key_file = "%s/vendor.gpg"; } ); }%s\n); } );\n' \
		"$vendor" "$SCRATCH" "${1:-}" > "$SCRATCH/etc/vendor.conf"
}
build()
{
	sed -i "s/version = [0-9]*;/version = $1;/" "$SCRATCH/etc/policy.conf" &&
		"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" "$SCRATCH/etc/vendor.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
}
make_policy enforce "$LISTED"
sign_rules
build 2 && write_config && launch_guardd || { fail "the daemon starts" "$(cat "$SCRATCH/log/build")"; exit 1; }

# ---- first the refusals --------------------------------------------------------------

cp "$SCRATCH/v1" "$area/loose" && chmod 755 "$area/loose"
expect_denied "the program, as long as nobody vouches for it" "$area/loose"
try $CTL packages --lists "$APT/state/lists" add "$repo/tool_1.0-1.deb"
check "$([ "$RC" = 1 ] && grep -q 'no index' <<< "$OUT"; echo $?)" "without a signed index no package is taken" "$RC: $OUT"
try $AS_USER "$GUARDCTL" --socket "$SOCKET" packages --lists "$APT/state/lists" add "$repo/tool_1.0-1.deb"
check "$([ "$RC" != 0 ]; echo $?)" "only root may hand packages over" "$RC: $OUT"
is "apt-get update" apt_get update
make_deb tool 1.0-1 "$SCRATCH/odd" "$SCRATCH/changed.deb"
try $CTL packages --lists "$APT/state/lists" add "$SCRATCH/changed.deb"
check "$([ "$RC" = 1 ] && grep -q 'no index' <<< "$OUT"; echo $?)" "a package that was changed is not taken" "$RC: $OUT"
# A version that the repository has not: else apt may take the sound copy there.
make_deb tool 1.0-9 "$SCRATCH/odd" "$SCRATCH/newer.deb"
HOOK=--refuse apt_get install "$SCRATCH/newer.deb" > "$SCRATCH/log/apt" 2>&1
check "$([ ! -e "$area/opt/tool" ]; echo $?)" "with --refuse apt does not unpack it" "$(cat "$SCRATCH/log/apt")"
expect_denied "nothing was attributed so far" "$area/loose"

# ---- install ---------------------------------------------------------------------------

is "apt installs the signed package" apt_get install tool
check "$(grep -q 'preinst tool 1.0-1' "$APT/scripts" && grep -q 'postinst tool 1.0-1' "$APT/scripts"; echo $?)" \
	"its maintainer scripts ran" "$(cat "$APT/scripts" "$APT/log/term.log" 2>&1)"
expect_allowed "the program of the signed package" "$area/opt/tool"
expect_allowed "the same content under another name" "$area/loose"
try $CTL explain --state "$SCRATCH/state" "$area/opt/tool"
check "$([ "$RC" = 0 ] && grep -q "Vouched for by: package tool 1.0-1, key ${vendor,,}" <<< "$OUT"; echo $?)" \
	"explain says allowed, and by whose package" "$RC: $OUT"
try $AS_USER "$GUARDCTL" --socket "$SOCKET" explain --state "$SCRATCH/state" "$area/opt/tool"
check "$([ "$RC" = 1 ] && grep -q 'as root this says more' <<< "$OUT"; echo $?)" "a user hears that signatures were not looked at" "$RC: $OUT"
try "$GUARDCTL" scan "$area/opt" "$LISTED/payload" --by signer --state "$SCRATCH/state" --fragment --output "$SCRATCH/etc/proposed.conf"
check "$([ "$RC" = 0 ] && grep -q "key = \"${vendor,,}\"" "$SCRATCH/etc/proposed.conf" && ! grep -q "$area/opt/tool" "$SCRATCH/etc/proposed.conf" &&
	grep -q "$LISTED/payload" "$SCRATCH/etc/proposed.conf" && grep -q 'no file with the repository key' <<< "$OUT"; echo $?)" \
	"scan --by signer proposes its key, and hashes for the rest" "$OUT $(cat "$SCRATCH/etc/proposed.conf" | head -40)"
flip "$area/loose"
expect_denied "one byte flipped" "$area/loose"
try $CTL explain --state "$SCRATCH/state" "$area/loose"
check "$([ "$RC" = 1 ] && ! grep -q 'Vouched for' <<< "$OUT"; echo $?)" "of that explain says denied" "$RC: $OUT"

# Another's signature over the same package is worth nothing.
make_deb other 1.0 "$SCRATCH/odd" "$other/other_1.0.deb"
publish "$other" stranger "$(ago 2)"
mkdir -p "$SCRATCH/otherlists"
cp "$other/InRelease" "$SCRATCH/otherlists/x_InRelease" && cp "$other/Packages" "$SCRATCH/otherlists/x_Packages"
try $CTL packages --lists "$SCRATCH/otherlists" add "$other/other_1.0.deb"
check "$([ "$RC" = 1 ] && grep -q 'no key that the policy names' <<< "$OUT"; echo $?)" "another key's repository" "$RC: $OUT"
good payload "$area/odd" && cp "$SCRATCH/odd" "$area/odd" && chmod 755 "$area/odd"
expect_denied "what another key has signed" "$area/odd"

# An InRelease with a byte changed.
cp "$repo/Packages" "$SCRATCH/otherlists/x_Packages"
sed 's/^Codename: test/Codename: tesT/' "$repo/InRelease" > "$SCRATCH/otherlists/x_InRelease"
try $CTL packages --lists "$SCRATCH/otherlists" add "$repo/tool_1.0-1.deb"
check "$([ "$RC" = 1 ] && grep -q 'changed after it was signed' <<< "$OUT"; echo $?)" "an InRelease that was changed" "$RC: $OUT"

# ---- upgrade of several, under enforcement ------------------------------------------------

cp "$repo/InRelease" "$SCRATCH/old_InRelease"
cp "$repo/Packages" "$SCRATCH/old_Packages"
cp "$SCRATCH/v1" "$area/loose" && chmod 755 "$area/loose"
make_deb tool 2.0-1 "$SCRATCH/v2" "$repo/tool_2.0-1.deb"
evil payload "$SCRATCH/extra" && make_deb extra 1.0 "$SCRATCH/extra" "$repo/extra_1.0.deb"
publish "$repo" vendor "$(ago 1)"
is "apt-get update again" apt_get update
is "apt upgrades and installs" apt_get install tool extra
check "$(grep -q 'prerm tool 1.0-1' "$APT/scripts" && grep -q 'postinst tool 2.0-1' "$APT/scripts"; echo $?)" \
	"scripts of both versions ran" "$(cat "$APT/scripts")"
expect_allowed "the new version" "$area/opt/tool"
expect_allowed "the other package" "$area/opt/extra"
expect_allowed "the version before, still" "$area/loose"

# An older InRelease, rightly signed, is played again.
cp "$SCRATCH/old_InRelease" "$SCRATCH/otherlists/x_InRelease"
cp "$SCRATCH/old_Packages" "$SCRATCH/otherlists/x_Packages"
try $CTL packages --lists "$SCRATCH/otherlists" add "$repo/tool_1.0-1.deb"
check "$([ "$RC" = 1 ] && grep -q 'older than one' <<< "$OUT"; echo $?)" "an InRelease of the past" "$RC: $OUT"

# ---- .rpm -----------------------------------------------------------------------------------

# make_rpm NAME FILE TO: its program is FILE, with a script of its own.
make_rpm()
{
	local top=$SCRATCH/rpmbuild
	mkdir -p "$top/SOURCES" && cp "$2" "$top/SOURCES/$1" || return 1
	cat > "$top/$1.spec" <<- E
		Name: $1
		Version: 1.0
		Release: 1
		Epoch: 2
		Summary: test
		License: MIT
		AutoReqProv: no
		Source0: $1
		%description
		test
		%install
		install -D -m 755 %{SOURCE0} %{buildroot}/opt/$1
		%post
		echo post of $1
		%files
		/opt/$1
	E
	rpmbuild -bb --quiet --define "_topdir $top" --define '__os_install_post %{nil}' --define 'debug_package %{nil}' "$top/$1.spec" \
		> "$SCRATCH/log/rpmbuild" 2>&1 && mv "$top"/RPMS/*/"$1"-1.0-1.*.rpm "$3"
}
sign_rpm() { rpmsign --define "__gpg $(command -v gpg)" --define "_gpg_name $1" --define "_gpg_path $GNUPGHOME" --addsign "$2" > "$SCRATCH/log/rpmsign" 2>&1; }

if ! command -v rpmbuild > /dev/null || ! command -v rpmsign > /dev/null || ! grep -q 'GUARD_RPM:BOOL=ON' "$GUARD_BUILD/CMakeCache.txt"; then
	skip ".rpm packages" "rpm is not installed, or this build is without"
else
	evil payload "$SCRATCH/r1" && cp "$SCRATCH/r1" "$area/from-rpm" && printf 'echo post of rtool' > "$area/post"
	make_rpm rtool "$SCRATCH/r1" "$SCRATCH/rtool.rpm" || fail "an .rpm is built" "$(cat "$SCRATCH/log/rpmbuild")"
	cp "$SCRATCH/rtool.rpm" "$SCRATCH/unsigned.rpm" && cp "$SCRATCH/rtool.rpm" "$SCRATCH/strange.rpm"
	sign_rpm stranger "$SCRATCH/strange.rpm" && sign_rpm vendor "$SCRATCH/rtool.rpm"
	check $? "they are signed" "$(cat "$SCRATCH/log/rpmsign")"
	chmod 755 "$area/from-rpm"
	try $CTL packages --lists "$SCRATCH/nowhere" add "$SCRATCH/unsigned.rpm"
	check "$([ "$RC" = 1 ] && grep -q 'nobody has signed its header' <<< "$OUT"; echo $?)" "an .rpm that nobody signed" "$RC: $OUT"
	try $CTL packages add "$SCRATCH/strange.rpm"
	check "$([ "$RC" = 1 ] && grep -q 'no key that the policy names' <<< "$OUT"; echo $?)" "an .rpm by another key" "$RC: $OUT"
	# Another digest in the signed header; and half a file.
	"$PYTHON" - "$SCRATCH/rtool.rpm" "$(sha256sum < "$SCRATCH/r1" | cut -c1-64)" "$SCRATCH" <<- 'E'
		import sys
		whole = open(sys.argv[1], "rb").read()
		digest = sys.argv[2].encode()
		assert whole.count(digest) == 1
		open(sys.argv[3] + "/other.rpm", "wb").write(whole.replace(digest, digest[1:] + b"0"))
		open(sys.argv[3] + "/half.rpm", "wb").write(whole[:whole.index(digest)])
	E
	try $CTL packages add "$SCRATCH/other.rpm"
	check "$([ "$RC" = 1 ] && grep -q 'changed after it was signed' <<< "$OUT"; echo $?)" "an .rpm whose header was changed" "$RC: $OUT"
	try $CTL packages add "$SCRATCH/half.rpm"
	check "$([ "$RC" = 1 ] && grep -q 'no whole .rpm' <<< "$OUT"; echo $?)" "half an .rpm" "$RC: $OUT"
	expect_denied "what none of them brought" "$area/from-rpm"
	try $CTL packages --lists "$APT/state/lists" add "$SCRATCH/unsigned.rpm" "$SCRATCH/rtool.rpm" "$repo/tool_2.0-1.deb"
	check "$([ "$RC" = 1 ] && grep -q '^attributed   rtool.rpm' <<< "$OUT" && grep -q '^attributed   tool_2.0-1.deb' <<< "$OUT" &&
		grep -q '^will not run unsigned.rpm' <<< "$OUT"; echo $?)" "one that is signed, among others" "$RC: $OUT $(tail -n 5 "$SCRATCH/log/guardd")"
	expect_allowed "the program of the signed .rpm" "$area/from-rpm"
	try sh "$area/post"
	check "$([ "$RC" = 0 ] && [ "$OUT" = 'post of rtool' ]; echo $?)" "its script, as rpm writes it" "$RC: $OUT"
	printf 'echo post of another' > "$area/post"
	try sh "$area/post"
	check "$([ "$RC" != 0 ] && ! grep -q 'post of another' <<< "$OUT"; echo $?)" "another script is refused" "$RC: $OUT"
	try $CTL explain --state "$SCRATCH/state" "$area/from-rpm"
	check "$([ "$RC" = 0 ] && grep -q "package rtool 2:1.0-1, key ${vendor,,}" <<< "$OUT"; echo $?)" "explain names it" "$RC: $OUT"
	flip "$area/from-rpm"
	expect_denied "one byte of it flipped" "$area/from-rpm"
	cp "$SCRATCH/r1" "$area/from-rpm" && chmod 755 "$area/from-rpm"
	expect_allowed "as it was signed" "$area/from-rpm"
fi
check "$(ctl status | grep -qE '^ *packages .*[1-9][0-9]* attributed, [1-9][0-9]* files'; echo $?)" "status says how many are attributed" "$(ctl status)"

# ---- what is installed and not attributed ---------------------------------------------------
printf 'Package: loner\nStatus: install ok installed\nVersion: 3\nArchitecture: all\n\n' >> "$area/admin/status"
wait_for 5 eval '$CTL packages missing --state "$SCRATCH/state" --dpkg "$area/admin" | grep -q "^1 of 3 "'
try $CTL packages missing --state "$SCRATCH/state" --dpkg "$area/admin"
check "$([ "$RC" = 0 ] && grep -qx 'loner 3 all' <<< "$OUT" && ! grep -q '^tool' <<< "$OUT" && grep -q '^1 of 3 ' <<< "$OUT"; echo $?)" \
	"what is installed and not attributed is named" "$RC: $OUT"
try $CTL --json packages missing --state "$SCRATCH/state" --dpkg "$area/admin"
check "$([ "$OUT" = '{"package":"loner","version":"3","architecture":"all"}' ]; echo $?)" "also for tools" "$OUT"

# ---- restart, old versions denied ------------------------------------------------------------

wait_for 5 test -s "$SCRATCH/state/attributions"
check $? "the table is on disk"
stop_guardd && launch_guardd
expect_allowed "after a restart" "$area/opt/tool"
sign_rules ",
 { action = \"deny\"; signers = ( { provider = \"package\"; key = \"$vendor\"; } ); packages = [ \"tool\" ]; below_version = \"2.0~\"; }"
is "a policy that denies old versions builds" build 3
is "reload" ctl reload
expect_denied "the old version, signed as it is" "$area/loose"
expect_allowed "the version of today" "$area/opt/tool"
sign_rules ",
 { action = \"deny\"; signers = ( { provider = \"package\"; key = \"$vendor\"; } ); }"
is "a policy that revokes the repository's key builds" build 4
is "reload" ctl reload
expect_denied "the version of today, by a key that is revoked" "$area/opt/tool"
[ ! -e "$area/from-rpm" ] || expect_denied "the program of the .rpm, by a key that is revoked" "$area/from-rpm"

# A key that its owner revoked: nothing is to be allowed by it from then on.
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$vendor.rev" | gpg --batch --quiet --import 2> "$SCRATCH/log/gpg"
gpg --export vendor > "$SCRATCH/vendor.gpg"
sign_rules
build 5
check "$([ $? != 0 ] && grep -q 'vendor.gpg: the owner of this key has revoked it' "$SCRATCH/log/build"; echo $?)" \
	"no policy is built with a key that its owner has revoked" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/gpg")"
