# The Debian packages: libguard0, libguard-dev, guardd, guardctl.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME guard)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "The guard authors")
set(CPACK_PACKAGE_CONTACT "The guard authors <guard@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_COMPONENTS_ALL libguard0 libguard-dev guardd guardctl)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_LIBGUARD0_PACKAGE_NAME libguard0)
set(CPACK_DEBIAN_LIBGUARD0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBGUARD0_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
set(CPACK_DEBIAN_LIBGUARD0_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_LIST_DIR}/debian/guarded/prerm
	${CMAKE_CURRENT_LIST_DIR}/debian/libguard0/triggers)
set(CPACK_DEBIAN_LIBGUARD0_DESCRIPTION
	"application allow-listing, shared library\nlibguard tells what a file is (digest, kind, signers) and what a compiled\npolicy says about it.  Decisions do no input or output and allocate nothing.")

set(CPACK_DEBIAN_LIBGUARD-DEV_PACKAGE_NAME libguard-dev)
set(CPACK_DEBIAN_LIBGUARD-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBGUARD-DEV_PACKAGE_DEPENDS "libguard0 (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_LIBGUARD-DEV_DESCRIPTION
	"application allow-listing, development files\nHeaders, the CMake package and the pkg-config file of libguard.")

set(CPACK_DEBIAN_GUARDD_PACKAGE_NAME guardd)
set(CPACK_DEBIAN_GUARDD_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_GUARDD_PACKAGE_DEPENDS
	"systemd (>= 247), init-system-helpers (>= 1.54), gpgv")
set(CPACK_DEBIAN_GUARDD_PACKAGE_RECOMMENDS "guardctl (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_GUARDD_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_LIST_DIR}/debian/guardd/postinst
	${CMAKE_CURRENT_LIST_DIR}/debian/guardd/prerm
	${CMAKE_CURRENT_LIST_DIR}/debian/guardd/postrm
	${CMAKE_CURRENT_LIST_DIR}/debian/guardd/conffiles)
set(CPACK_DEBIAN_GUARDD_DESCRIPTION
	"application allow-listing, daemon\nOnly programs that the policy lists run on the machine: every exec, script,\nlibrary and kernel module is identified by its content before it is used.\nNothing is enforced until a policy is in place.")

set(CPACK_DEBIAN_GUARDCTL_PACKAGE_NAME guardctl)
set(CPACK_DEBIAN_GUARDCTL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_GUARDCTL_PACKAGE_SUGGESTS "guardd")
set(CPACK_DEBIAN_GUARDCTL_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/guarded/prerm)
set(CPACK_DEBIAN_GUARDCTL_DESCRIPTION
	"application allow-listing, command line tool\nLists what is on a machine, builds, checks and compares policies, shows what\nguardd denied and why, and names the gaps of a machine.")

include(CPack)
