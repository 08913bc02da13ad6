/tmp/w/capture_try/dbg/src_lease_scripts.cpp.o: src/lease/scripts.cpp \
 src/lease/scripts.hpp src/lease/sha1.hpp
