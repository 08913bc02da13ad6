../capture_try/dbg/src_resp_inline_command.cpp.o: \
 src/resp/inline_command.cpp src/resp/inline_command.hpp
