# SPDX-License-Identifier: MIT
# where: host guest
# What interpreters load by themselves: modules, bytecode, archives.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	lib=$area/lib
	mkdir -p "$lib"
	export PYTHONDONTWRITEBYTECODE=1
	both "python import on $at" evil markmod.py "$lib/markmod.py" env PYTHONPATH="$lib" $PYTHON -c 'import markmod'
	both "python -m on $at" evil markmod.py "$lib/markmod.py" env PYTHONPATH="$lib" $PYTHON -m markmod
	both_quietly "python sitecustomize on $at" markmod.py "$lib/sitecustomize.py" \
		sh -c "PYTHONPATH='$lib' $PYTHON -c 'import os, sys; sys.exit(0 if os.path.exists(os.environ[\"GUARD_MARK\"]) else \"EPERM\")'"
	rm -f "$lib/sitecustomize.py"
	mkdir -p "$lib/package"
	both "python package on $at" evil markmod.py "$lib/package/__init__.py" \
		env PYTHONPATH="$lib" $PYTHON -c 'import package'
	both "python runpy on $at" evil markmod.py "$lib/other.py" \
		$PYTHON -c "import runpy; runpy.run_path('$lib/other.py')"
	rm -f "$lib"/*.py

	# Bytecode in place of the source; what is listed is the listed bytecode.
	if [ -e "$LISTED/markmod.pyc" ]; then
		both "python bytecode on $at" evil markmod.pyc "$lib/markmod.pyc" env PYTHONPATH="$lib" $PYTHON -c 'import markmod'
		both "python FILE.pyc on $at" evil markmod.pyc "$lib/markmod.pyc" $PYTHON "$lib/markmod.pyc"
		both "bytecode without suffix on $at" evil markmod.pyc "$lib/bytes" $PYTHON "$lib/bytes"
		rm -f "$lib/markmod.pyc"
	fi
	if [ -e "$LISTED/mark.pyz" ]; then
		both "zip application on $at" evil mark.pyz "$lib/mark.pyz" $PYTHON "$lib/mark.pyz"
		both "zip application without suffix on $at" evil mark.pyz "$lib/app" $PYTHON "$lib/app"
		both_quietly "import from an archive on $at" mark.pyz "$lib/mark.whl" \
			env PYTHONPATH="$lib/mark.whl" $PYTHON -c 'import markmod'
	fi

	both_quietly "perl -I on $at" MarkMod.pm "$lib/MarkMod.pm" perl -I"$lib" -MMarkMod -e 1
	both_quietly "PERL5LIB on $at" MarkMod.pm "$lib/MarkMod.pm" env PERL5LIB="$lib" perl -e 'use MarkMod;'
	both_quietly "PERL5OPT on $at" MarkMod.pm "$lib/MarkMod.pm" env PERL5LIB="$lib" PERL5OPT=-MMarkMod perl -e 1
	both_quietly "perl use lib on $at" MarkMod.pm "$lib/MarkMod.pm" perl -e "use lib '$lib'; require MarkMod;"
done
