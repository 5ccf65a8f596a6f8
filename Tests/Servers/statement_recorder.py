"""Stands between a program and Postgres and writes each connection's statements as a script of pgbench.

    statement_recorder.py SERVER_SOCKET FOLDER

Listens in FOLDER as a server's own socket would be named and leaves there a file `N.sql` for each connection that
prepared anything. A prepared statement becomes PREPARE, its execution EXECUTE with the values that were bound.
"""
import asyncio
import os
import re
import struct
import sys


def text(data, start):
    """A string that ends with a null byte, and where the next field begins."""
    end = data.index(b"\0", start)
    return data[start:end].decode(), end + 1


def quoted(value):
    if value is None:
        return "NULL"
    escaped = value.decode().replace("'", "''")
    return f"'{escaped}'"


def bound(body):
    """The statement's name and the values of a Bind message."""
    _, at = text(body, 0)
    name, at = text(body, at)
    formats, = struct.unpack_from("!h", body, at)
    at += 2 + 2 * formats
    count, = struct.unpack_from("!h", body, at)
    at += 2
    values = []
    for _ in range(count):
        size, = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if size < 0 else body[at:at + size])
        at += max(size, 0)
    return name, values


class Script:
    """The statements of one connection."""

    def __init__(self):
        self.lines = []
        self.frames = {}

    def take(self, kind, body):
        if kind == b"P":
            name, at = text(body, 0)
            sql, _ = text(body, at)
            # BEGIN, SET and their like cannot be prepared in SQL.
            if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
                self.lines.append(f"PREPARE {name} AS {sql};")
            else:
                self.frames[name] = sql
        elif kind == b"B":
            name, values = bound(body)
            if name in self.frames:
                self.lines.append(f"{self.frames[name]};")
            else:
                arguments = ", ".join(quoted(value) for value in values)
                self.lines.append(f"EXECUTE {name}({arguments});" if values else f"EXECUTE {name};")


async def copy(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def questions(reader, writer, script):
    # The first message has a length and no kind.
    size = await reader.readexactly(4)
    parameters = await reader.readexactly(struct.unpack("!i", size)[0] - 4)
    if found := re.search(rb"search_path=(\w+)", parameters):
        script.lines.append(f"SET search_path = {found[1].decode()};")
    writer.write(size + parameters)
    while True:
        head = await reader.readexactly(5)
        body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
        script.take(head[:1], body)
        writer.write(head + body)
        if head[:1] in b"SQX":
            await writer.drain()


async def main(server, folder):
    count = 0

    async def connect(reader, writer):
        nonlocal count
        count += 1
        name = f"{folder}/{count}.sql"
        script = Script()
        server_reader, server_writer = await asyncio.open_unix_connection(server)
        ways = [
            asyncio.ensure_future(questions(reader, server_writer, script)),
            asyncio.ensure_future(copy(server_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        # The end of the stream is how each of them ends.
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        server_writer.close()
        if len(script.lines) > 1:
            with open(name + ".new", "w", encoding="utf-8") as file:
                file.write("\n".join(script.lines) + "\n")
            os.rename(name + ".new", name)

    listener = await asyncio.start_unix_server(connect, f"{folder}/.s.PGSQL.5432")
    await listener.serve_forever()


asyncio.run(main(sys.argv[1], sys.argv[2]))
