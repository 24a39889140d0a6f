# SPDX-License-Identifier: MIT
# where: host guest
# Plug-ins of listed programs.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	so=$area/plugin.so
	both_quietly "openssl engine on $at" plugin.so "$so" \
		openssl engine dynamic -pre "SO_PATH:$so" -pre ID:plugin -pre LOAD
	both_quietly "openssl provider on $at" plugin.so "$so" \
		openssl list -providers -provider-path "$area" -provider plugin
	both_quietly "python extension module on $at" plugin.so "$area/plugin.so" \
		env PYTHONPATH="$area" $PYTHON -c 'import plugin'
	both_quietly "python ctypes on $at" plugin.so "$so" $PYTHON -c "import ctypes; ctypes.CDLL('$so')"
	both_quietly "perl DynaLoader on $at" plugin.so "$so" \
		perl -MDynaLoader -e "DynaLoader::dl_load_file('$so', 0)"
	both_quietly "bash loadable builtin on $at" plugin.so "$so" bash -c "enable -f '$so' plugin"

	mkdir -p "$area/gconv"
	printf 'module GUARDTEST// INTERNAL plugin 1\nmodule INTERNAL GUARDTEST// plugin 1\n' > "$area/gconv/gconv-modules"
	both_quietly "gconv module on $at" plugin.so "$area/gconv/plugin.so" \
		env GCONV_PATH="$area/gconv" iconv -f GUARDTEST -t UTF-8 /dev/null

	# A name service module: the library name is made by glibc.
	echo 'passwd: guardtest' > "$area/nsswitch.conf"
	both_quietly "name service module on $at" plugin.so "$area/libnss_guardtest.so.2" \
		unshare -m sh -c "mount --bind '$area/nsswitch.conf' /etc/nsswitch.conf &&
			LD_LIBRARY_PATH='$area' /usr/bin/getent passwd guard-nobody"

	# A login module, in a private view of /etc/pam.d.
	printf 'auth sufficient %s\naccount required pam_permit.so\nsession required pam_permit.so\n' "$so" > "$area/pam"
	both_quietly "PAM module on $at" plugin.so "$so" \
		unshare -m sh -c "mount --bind '$area/pam' /etc/pam.d/su && su nobody -s /bin/true"
done
