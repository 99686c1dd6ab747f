# Run by CPack on the files of a package: adds what Debian's policy requires beside them.
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(doc ${usr}/share/doc/ecsfs)
file(GLOB pages ${usr}/share/man/man*/*.[157])
foreach(page ${pages})
	execute_process(COMMAND gzip -9nf ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# The build may have been made for another prefix, and Debian's zsh looks elsewhere.
foreach(unit system user)
	set(file ${usr}/lib/systemd/${unit}/ecsfs@.service)
	file(READ ${file} text)
	string(REGEX REPLACE "ExecStart=[^ ]*/ecsfs " "ExecStart=/usr/bin/ecsfs " text "${text}")
	file(WRITE ${file} "${text}")
endforeach()
file(RENAME ${usr}/share/zsh/site-functions ${usr}/share/zsh/vendor-completions)

file(MAKE_DIRECTORY ${doc})
file(READ ${CPACK_ECSFS_SOURCE}/LICENSE licence)
string(REGEX MATCH "Copyright[^\n]*" holder "${licence}")
string(REGEX REPLACE "^MIT License\n\n[^\n]*\n\n" "" terms "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" terms "${terms}")
string(REGEX REPLACE "\n([^\n])" "\n \\1" terms "\n${terms}")
file(WRITE ${doc}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ecsfs

Files: *
${holder}
License: Expat${terms}")
file(READ ${CPACK_ECSFS_SOURCE}/scripts/package/changelog changelog)
string(REPLACE "@CONTACT@" "${CPACK_PACKAGE_CONTACT}" changelog "${changelog}")
string(REPLACE "@VERSION@" "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}" changelog "${changelog}")
file(WRITE ${doc}/changelog.Debian "${changelog}")
execute_process(COMMAND gzip -9nf ${doc}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
file(CHMOD_RECURSE ${usr}/share/doc PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
	DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
