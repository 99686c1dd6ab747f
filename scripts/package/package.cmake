# Packages by CPack: `cpack -G DEB` in the build directory; scripts/package.sh does it from scratch.
set(CPACK_PACKAGE_NAME ecsfs)
set(CPACK_PACKAGE_VENDOR "The ecsfs authors")
set(CPACK_PACKAGE_CONTACT "The ecsfs authors <ecsfs@example.org>" CACHE STRING "who maintains the package")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "file system for Amazon ECS")
set(CPACK_PACKAGE_DESCRIPTION "ecsfs mounts an account's clusters, services, tasks, task definitions and
logs of Amazon ECS as directories and files: browse with ls and cat, deploy
with echo and an editor, follow logs with tail -f, run commands in containers.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
# Adds what a package needs beyond an installation from source: see that file.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/scripts/package/finish.cmake)
set(CPACK_ECSFS_SOURCE ${CMAKE_SOURCE_DIR})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1 CACHE STRING "the Debian package's revision")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fuse3)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
