// SPDX-License-Identifier: MIT
// A deterministic script that uses most features of a client library, with hiredis.
//
//   audit_torture_hiredis /SOCKET | PORT
//
// Prints each reply on a line, with large values as digests. Two runs against equal servers print
// the same bytes, with or without a proxy in between.
#include <hiredis/hiredis.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using words = std::vector<std::string>;
using held_reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

std::string shown_text(const char* bytes, std::size_t size) {
  const std::string_view text{bytes, size};
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  if (size > 100) return "[" + std::to_string(size) + "] " + std::to_string(hash);
  std::string out = "\"";
  for (const char byte : text) {
    if (byte >= ' ' && byte <= '~') {
      out += byte;
    } else {
      out += "\\" + std::to_string(static_cast<unsigned char>(byte));
    }
  }
  return out + "\"";
}

std::string describe(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_STRING: return shown_text(reply.str, reply.len);
    case REDIS_REPLY_STATUS: return "+" + shown_text(reply.str, reply.len);
    case REDIS_REPLY_ERROR: return "-" + shown_text(reply.str, reply.len);
    case REDIS_REPLY_INTEGER: return std::to_string(reply.integer);
    case REDIS_REPLY_NIL: return "nil";
    default: break;
  }
  std::string out = "[";
  for (std::size_t i = 0; i < reply.elements; ++i) out += " " + describe(*reply.element[i]);
  return out + " ]";
}

class client {
 public:
  explicit client(const std::string& where)
      : context_{where.front() == '/' ? redisConnectUnix(where.c_str())
                                      : redisConnect("127.0.0.1", std::atoi(where.c_str())),
                 redisFree} {
    if (!context_ || context_->err != 0) throw std::runtime_error{"cannot connect"};
    const timeval wait{60, 0};
    redisSetTimeout(context_.get(), wait);
  }

  void send(const words& command) {
    std::vector<const char*> parts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      parts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(parts.size()), parts.data(),
                           sizes.data());
  }
  /// Sends the bytes unchanged.
  void send_raw(const std::string& bytes) {
    redisAppendFormattedCommand(context_.get(), bytes.data(), bytes.size());
  }
  void flush() {
    for (int done = 0; done == 0;) {
      if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return;
    }
  }
  /// Returns "closed" at the end of the connection. Whether that is an end or a reset depends on
  /// timing.
  std::string read() {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK) {
      return "closed";
    }
    const held_reply reply{static_cast<redisReply*>(raw), freeReplyObject};
    return reply ? describe(*reply) : "nothing";
  }
  void print(const std::string& name) { std::printf("%s: %s\n", name.c_str(), read().c_str()); }
  void run(const words& command) {
    send(command);
    std::string name;
    for (const std::string& word : command) name += shown_text(word.data(), word.size()) + " ";
    print(name);
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

void commands(const std::string& where) {
  client connection{where};
  const std::string binary{"\0\r\n\xff*1\r\n", 8};
  for (const words& command : std::vector<words>{
           {"PING"},
           {"SET", "k", binary},
           {"GET", "k"},
           {"GET", "none"},
           {"SET", binary, ""},
           {"GET", binary},
           {"MSET", "a", "1", "b", "2"},
           {"MGET", "a", "none", "b"},
           {"INCR", "a"},
           {"INCR", "k"},
           {"HSET", "h", "f", "v"},
           {"HGETALL", "h"},
           {"RPUSH", "l", "1", "2", "3"},
           {"LRANGE", "l", "0", "-1"},
           {"NOSUCH", "x"},
           {"GET"},
           {"EVAL", "return {1,{2,{3,{4,{5}}}},false,'x'}", "0"},
           {"SET", "lock", "t", "NX", "PX", "100000"},
           {"SET", "lock", "u", "NX", "PX", "100000"},
           {"EVAL",
            "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end", "1",
            "lock", "t"},
           {"COMMAND", "INFO", "get", "nosuch"},
           {"OBJECT", "HELP"},
           {"MULTI"},
           {"SET", "a", "9"},
           {"LRANGE", "l", "0", "-1"},
           {"INCR", "k"},
           {"EXEC"},
           {"MULTI"},
           {"NOSUCH"},
           {"EXEC"},
           {"SELECT", "2"},
           {"SET", "two", "2"},
           {"RESET"},
           {"GET", "two"},
           {"CLIENT", "REPLY", "SKIP"},  // neither its own reply nor the next one comes
       }) {
    if (command.front() == "CLIENT") {
      connection.send(command);
      connection.send({"SET", "skipped", "1"});
      connection.send({"GET", "skipped"});
      connection.print("after SKIP");
    } else {
      connection.run(command);
    }
  }
  connection.send({"CLIENT", "REPLY", "OFF"});
  for (int i = 0; i < 100; ++i) connection.send({"INCR", "silent"});
  connection.send({"CLIENT", "REPLY", "ON"});
  connection.print("CLIENT REPLY ON");
  connection.run({"GET", "silent"});
}

void pipeline(const std::string& where) {
  client connection{where};
  for (int i = 0; i < 10'000; ++i) {
    connection.send({"SET", "p" + std::to_string(i % 10), std::to_string(i)});
    connection.send({"GET", "p" + std::to_string(i % 7)});
  }
  std::string all;
  for (int i = 0; i < 20'000; ++i) all += connection.read();
  std::printf("pipeline: %s\n", shown_text(all.data(), all.size()).c_str());
}

void large(const std::string& where) {
  client connection{where};
  for (const std::size_t size :
       {std::size_t{1} << 16U, std::size_t{1} << 20U, std::size_t{64} << 20U}) {
    std::string value(size, 'v');
    for (std::size_t i = 0; i < size; i += 997) value[i] = static_cast<char>(i % 251);
    connection.send({"SET", "large", value});
    connection.print("SET large");
    connection.run({"GET", "large"});
  }
  connection.run({"DEL", "large"});
}

void subscriptions(const std::string& where) {
  client listener{where};
  client speaker{where};
  listener.send({"SUBSCRIBE", "c1", "c2"});
  listener.print("SUBSCRIBE");
  listener.print("SUBSCRIBE");
  listener.run({"PSUBSCRIBE", "c*"});
  for (int i = 0; i < 50; ++i) speaker.run({"PUBLISH", "c1", std::to_string(i)});
  for (int i = 0; i < 100; ++i) listener.print("message");
  listener.run({"PING", "still"});
  listener.run({"GET", "k"});
  listener.send({"UNSUBSCRIBE"});
  listener.print("UNSUBSCRIBE");
  listener.print("UNSUBSCRIBE");
  listener.run({"PUNSUBSCRIBE"});
  listener.run({"UNSUBSCRIBE"});
  listener.run({"GET", "k"});
}

void broken(const std::string& where) {
  for (const std::string& bytes :
       {std::string{"*1\r\n:5\r\n"}, std::string{"*2\r\n$3\r\nGET\r\n:5\r\n"},
        std::string{"*1\r\n$-5\r\n"}, std::string{"*99999999999\r\n"},
        std::string{"GET \"unbalanced\r\n"}}) {
    client connection{where};
    connection.send({"PING"});
    connection.send_raw(bytes);
    connection.print("PING");
    connection.print(shown_text(bytes.data(), bytes.size()));
    connection.print("then");
  }
  client quits{where};
  quits.run({"QUIT"});
  quits.print("then");
}

}  // namespace

int main(int count, char** values) {
  if (count != 2) return 2;
  for (const auto& part : {commands, pipeline, large, subscriptions, broken}) part(values[1]);
  return 0;
}
