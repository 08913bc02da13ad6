#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Everything a Redis client can do, in one long script that always does the same.

  audit_torture.py unix:///PATH | HOST:PORT

Prints what came back, a line each, with large values as digests. Two runs against servers that are
alike print the same bytes, whatever stands between client and server.
"""

import hashlib
import itertools
import queue
import socket
import sys
import threading

import redis


def shown(value):
    """A value as text: short ones in full."""
    if isinstance(value, bytes) and len(value) > 200:
        return f"bytes[{len(value)}] {hashlib.sha256(value).hexdigest()[:16]}"
    if isinstance(value, (list, tuple)):
        if len(value) > 50:
            whole = repr([shown(each) for each in value]).encode()
            return f"list[{len(value)}] {hashlib.sha256(whole).hexdigest()[:16]}"
        return "[" + ", ".join(shown(each) for each in value) + "]"
    if isinstance(value, dict):
        pairs = sorted((shown(key), shown(each)) for key, each in value.items())
        return "{" + ", ".join(f"{key}: {each}" for key, each in pairs) + "}"
    if isinstance(value, set):
        return "set" + shown(sorted(value))
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"
    return repr(value)


class torture:
    def __init__(self, where):
        self.where = where
        self.db = self.client()

    def client(self, **more):
        if self.where.startswith("unix://"):
            return redis.Redis(unix_socket_path=self.where[7:], socket_timeout=60, **more)
        host, port = self.where.rsplit(":", 1)
        return redis.Redis(host=host, port=int(port), socket_timeout=60, **more)

    def plain_socket(self):
        if self.where.startswith("unix://"):
            out = socket.socket(socket.AF_UNIX)
            out.connect(self.where[7:])
        else:
            host, port = self.where.rsplit(":", 1)
            out = socket.create_connection((host, int(port)))
        out.settimeout(60)
        return out

    def say(self, name, value):
        print(f"{name}: {shown(value)}")

    def try_to(self, name, action, *arguments, **options):
        try:
            self.say(name, action(*arguments, **options))
        except Exception as error:  # the library's view of an answer is an answer
            self.say(name, error)

    def run(self, *words):
        self.try_to(" ".join(str(word)[:40] for word in words), self.db.execute_command, *words)

    def all(self):
        for each in (self.strings, self.collections, self.errors, self.large, self.pipelines,
                     self.transactions, self.scripts, self.functions, self.subscribers,
                     self.blocking, self.admin, self.early_ends, self.many_clients):
            print(f"== {each.__name__}")
            each()

    def strings(self):
        self.run("SET", "a", "1")
        self.run("GET", "a")
        self.run("GET", "none")
        self.run("SET", "a", b"\x00\r\n\xff$5\r\n*1\r\n")
        self.run("GET", "a")
        self.run("SET", "", "empty key")
        self.run("GET", "")
        self.run("SET", "e", "")
        self.run("GET", "e")
        self.run("SET", "a", "2", "NX", "PX", "100000")
        self.run("SET", "b", "2", "NX", "PX", "100000", "GET")
        self.run("SET", "b", "3", "XX", "KEEPTTL")
        self.run("GETEX", "b", "PERSIST")
        self.run("TTL", "b")
        self.run("PTTL", "none")
        self.run("MSET", *itertools.chain(*((f"m{i}", i) for i in range(100))))
        self.run("MGET", *(f"m{i}" for i in range(150)))
        self.run("INCRBYFLOAT", "f", "1.5")
        self.run("APPEND", "a", "more")
        self.run("STRLEN", "a")
        self.run("GETDEL", "a")
        self.run("SETRANGE", "r", "5", "x")
        self.run("GETRANGE", "r", "0", "-1")
        self.run("UNLINK", "a", "b", "none")

    def collections(self):
        self.run("HSET", "h", "f1", "v1", "f2", "v2")
        self.run("HGETALL", "h")
        self.run("HGETALL", "none")
        self.run("HMGET", "h", "f1", "none")
        self.run("RPUSH", "l", *range(200))
        self.run("LRANGE", "l", "0", "-1")
        self.run("LPOP", "l", "3")
        self.run("SADD", "s", "x")
        self.run("SMEMBERS", "s")
        self.run("ZADD", "z", "1.5", "one", "-inf", "low", "inf", "high")
        self.run("ZRANGE", "z", "0", "-1", "WITHSCORES")
        self.run("XADD", "x", "1-1", "k", "v")
        self.run("XADD", "x", "1-2", "k", "v2")
        self.run("XRANGE", "x", "-", "+")
        self.run("XREAD", "COUNT", "1", "STREAMS", "x", "0")
        self.run("GEOADD", "g", "13.361389", "38.115556", "Palermo")
        self.run("GEOPOS", "g", "Palermo", "none")
        self.run("PFADD", "p", "a", "b")
        self.run("PFCOUNT", "p")
        self.run("SETBIT", "bits", "7", "1")
        self.run("BITFIELD", "bits", "GET", "u4", "0", "SET", "u4", "4", "9")
        self.run("DUMP", "e")
        self.run("OBJECT ENCODING", "l")
        self.run("TYPE", "z")
        self.run("SCAN", "0", "COUNT", "10000", "MATCH", "h")

    def errors(self):
        self.run("GET")
        self.run("NOSUCHCOMMAND", "a")
        self.run("INCR", "h")
        self.run("EVALSHA", "0" * 40, "0")
        self.run("SET", "k", "v", "EX", "0")
        self.run("AUTH", "wrong password")
        self.run("AUTH", "user", "wrong password")

    def large(self):
        for count in (1 << 10, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 20, 5 << 20, 33 << 20):
            value = (b"0123456789abcdef\r\n" * (count // 18 + 1))[:count]
            self.run("SET", "large", value)
            self.run("GET", "large")
            self.run("APPEND", "large", value[:1])
        self.run("MGET", "large", "none", "large")
        self.run("DEL", "large")
        self.run("SET", "k" * 70000, "a long name")
        self.run("GET", "k" * 70000)

    def pipelines(self):
        pipe = self.db.pipeline(transaction=False)
        for i in range(10000):
            pipe.set(f"p{i % 100}", i)
            pipe.get(f"p{(i * 7) % 100}")
        self.try_to("pipeline of 20000", pipe.execute)
        pipe = self.db.pipeline(transaction=False)
        for i in range(64):
            pipe.set(f"big{i % 4}", bytes([65 + i % 26]) * 100000)
            pipe.get(f"big{i % 4}")
        self.try_to("pipeline of large values", pipe.execute)
        pipe = self.db.pipeline(transaction=False)
        pipe.get("p1").incr("h").get("p2").execute_command("NOSUCH").get("p3")
        self.try_to("pipeline with errors", pipe.execute, raise_on_error=False)

    def transactions(self):
        pipe = self.db.pipeline(transaction=True)
        pipe.set("t", 1).incr("t").get("t").hgetall("h").lrange("l", 0, 5)
        self.try_to("MULTI", pipe.execute)
        pipe = self.db.pipeline(transaction=True)
        pipe.set("t", "x").incr("t").get("t")
        self.try_to("MULTI with an error inside", pipe.execute, raise_on_error=False)
        pipe = self.db.pipeline(transaction=True)
        pipe.set("t", "y").execute_command("NOSUCH")
        self.try_to("MULTI that is aborted", pipe.execute, raise_on_error=False)
        for interfere in (False, True):
            with self.db.pipeline() as watched:
                watched.watch("t", "t2")
                self.say("watched", watched.get("t"))
                if interfere:
                    self.db.set("t", "meanwhile")
                watched.multi()
                watched.set("t", "mine")
                self.try_to(f"WATCH, interfered: {interfere}", watched.execute)
        one = self.client(single_connection_client=True)
        for words in (["MULTI"], ["SET", "t", "z"], ["GET", "t"], ["DISCARD"], ["EXEC"], ["MULTI"],
                      ["MULTI"], ["GET", "t"], ["EXEC"], ["WATCH", "t"], ["UNWATCH"], ["DISCARD"]):
            self.try_to(" ".join(words), one.execute_command, *words)
        one.close()

    def scripts(self):
        text = "local v = redis.call('GET', KEYS[1]) if v == ARGV[1] then " \
               "return redis.call('DEL', KEYS[1]) else return 0 end"
        self.run("SET", "lock", "token")
        self.run("EVAL", text, 1, "lock", "other")
        self.run("EVAL", text, 1, "lock", "token")
        sha = self.db.script_load(text)
        self.say("sha", sha)
        self.run("EVALSHA", sha, 1, "lock", "token")
        self.run("SCRIPT", "EXISTS", sha, "0" * 40)
        registered = self.db.register_script("return {1, 'two', {3, false, {ok='fine'}}, "
                                             "redis.error_reply('MY error')}")
        self.db.script_flush()
        self.try_to("registered", registered, keys=["a"], args=["b"])
        self.run("EVAL", "return redis.error_reply('MY own')", 0)
        self.run("EVAL", "return redis.call('NOSUCH')", 0)
        self.run("EVAL", "return string.rep('x', 300000)", 0)
        self.run("EVAL_RO", "return redis.call('GET', KEYS[1])", 1, "t")
        self.run("EVAL", "redis.setresp(3); return redis.call('HGETALL', KEYS[1])", 1, "h")

    def functions(self):
        library = "#!lua name=mylib\nredis.register_function('mine', function(keys, args) " \
                  "return redis.call('SET', keys[1], args[1]) end)\n" \
                  "redis.register_function{function_name='mine_ro', " \
                  "callback=function(keys, args) " \
                  "return redis.call('GET', keys[1]) end, flags={'no-writes'}}"
        self.run("FUNCTION", "LOAD", library)
        self.run("FUNCTION", "LOAD", library)
        self.run("FUNCTION", "LOAD", "REPLACE", library)
        self.run("FCALL", "mine", 1, "fk", "fv")
        self.run("FCALL_RO", "mine_ro", 1, "fk")
        self.run("FCALL", "none", 0)
        self.run("FUNCTION", "LIST", "LIBRARYNAME", "mylib")
        self.run("FUNCTION", "DELETE", "mylib")

    def subscribers(self):
        listener = self.db.pubsub()
        listener.subscribe("c1", "c2")
        listener.psubscribe("p*")
        for _ in range(3):
            self.say("subscribed", listener.get_message(timeout=60))
        for channel, text in (("c1", b"hello"), ("p1", b"pattern"), ("none", b"lost"),
                              ("c2", b"\r\n" * 50000)):
            self.run("PUBLISH", channel, text)
        for _ in range(3):
            self.say("message", listener.get_message(timeout=60))
        listener.ping("are you there")
        self.say("pong", listener.get_message(timeout=60))
        listener.unsubscribe("c1")
        self.say("left", listener.get_message(timeout=60))
        listener.unsubscribe()
        listener.punsubscribe()
        for _ in range(2):
            self.say("left", listener.get_message(timeout=60))
        listener.close()
        self.run("PUBSUB", "NUMSUB", "c1")

    def blocking(self):
        results = queue.Queue()

        def waits(*words):
            one = self.client(single_connection_client=True)
            try:
                results.put(one.execute_command(*words))
            except redis.RedisError as error:
                results.put(error)
            one.close()

        for words, then in ((("BLPOP", "q1", "q2", 0), ("RPUSH", "q2", "item")),
                            (("BRPOP", "q1", 0), ("RPUSH", "q1", "item")),
                            (("BLMOVE", "q1", "q2", "LEFT", "RIGHT", 0), ("RPUSH", "q1", "moved")),
                            (("BZPOPMIN", "zq", 0), ("ZADD", "zq", 1, "m")),
                            (("XREAD", "BLOCK", 0, "STREAMS", "xq", "$"),
                             ("XADD", "xq", "5-5", "k", "v"))):
            thread = threading.Thread(target=waits, args=words)
            thread.start()
            while self.db.info("clients")["blocked_clients"] != 1:
                pass
            self.run(*then)
            thread.join()
            self.say(" ".join(str(word) for word in words), results.get())
        self.run("BLPOP", "none", "0.05")
        self.run("BLMPOP", "0.05", 1, "none", "LEFT")
        self.run("WAIT", 0, 10)

    def admin(self):
        self.run("PING")
        self.run("PING", "text")
        self.run("ECHO", b"\xff\x00")
        one = self.client(single_connection_client=True)
        for words in (["CLIENT", "SETNAME", "tortured"], ["CLIENT", "GETNAME"], ["SELECT", 3],
                      ["SET", "in3", "v"], ["DBSIZE"], ["SELECT", 0], ["GET", "in3"],
                      ["SELECT", 999], ["SWAPDB", 0, 3], ["GET", "in3"], ["SWAPDB", 0, 3],
                      ["MOVE", "e", 3], ["COMMAND COUNT"], ["COMMAND GETKEYS", "SET", "a", 1],
                      ["COMMAND DOCS", "GET"], ["CONFIG", "GET", "maxmemory-policy"],
                      ["CLIENT", "NO-EVICT", "ON"], ["CLIENT", "GETREDIR"], ["ACL", "WHOAMI"],
                      ["MEMORY", "USAGE", "none"], ["DEBUG", "SLEEP", 0], ["ROLE"],
                      ["CLUSTER", "INFO"], ["LOLWUT", "VERSION", 1], ["RESET"], ["PING"]):
            self.try_to(" ".join(str(word) for word in words), one.execute_command, *words)
        one.close()
        self.say("info", sorted(self.db.info("keyspace")))
        with self.db.monitor() as monitor:
            self.run("SET", "seen", "by monitor")
            self.say("monitored", monitor.next_command()["command"].split(" ")[0])
        self.try_to("kill", lambda: self.db.client_kill_filter(_type="pubsub"))

    def early_ends(self):
        for text in (b"", b"P", b"*1\r\n$4\r\nPI", b"*2\r\n$3\r\nGET\r\n$100000\r\nabc",
                     b"PING\r\n", b"*1\r\n$4\r\nPING\r\n*1\r\n"):
            one = self.plain_socket()
            one.sendall(text)
            if text.endswith(b"PING\r\n"):
                self.say("inline", one.recv(100))
            one.close()
        for text in (b"*1\r\n$4\r\nPING\r\n", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n" * 3):
            one = self.plain_socket()
            one.sendall(text)
            self.say("before the end", one.recv(5))
            one.shutdown(socket.SHUT_WR)
            self.say("after the end", b"".join(iter(lambda: one.recv(1 << 16), b"")))
            one.close()
        one = self.plain_socket()
        one.sendall(b"QUIT\r\n")
        self.say("QUIT", b"".join(iter(lambda: one.recv(1 << 16), b"")))
        one.close()
        self.run("PING")

    def many_clients(self):
        clients = [self.client(single_connection_client=True) for _ in range(60)]
        for i, one in enumerate(clients):
            one.set(f"c{i}", i)
        self.say("each its own", [one.get(f"c{59 - i}") for i, one in enumerate(clients)])
        totals = []

        def work(number, one):
            total = 0
            for i in range(200):
                one.set(f"w{number}", i)
                total += int(one.get(f"w{number}"))
                total += len(one.mget([f"w{number}", "none"]))
            totals.append((number, total))

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(clients[:8])]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.say("at once", sorted(totals))
        for one in clients:
            one.close()


if __name__ == "__main__":
    torture(sys.argv[1]).all()
