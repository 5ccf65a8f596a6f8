"""Stands in the place of the socket of Postgres and spoils round trips; see StatementProxy.swift."""
import asyncio, signal, struct

class Plan:
    anomaly, target, stride, count, spoiled = "nothing", 0, 1, 0, 0

    def strikes(self):
        self.count += 1
        if self.anomaly == "nothing" or self.count != self.target: return False
        self.target += self.stride
        self.spoiled += 1
        return True

plan = Plan()
NONSENSE = b"this is no statement\0"

def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body

class Link:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.cuts_answer = False

    def close(self):
        self.client[1].close()
        self.server[1].close()

    async def questions(self):
        reader = self.client[0]
        # The first message has a length and no kind.
        head = await reader.readexactly(4)
        body = await reader.readexactly(struct.unpack("!i", head)[0] - 4)
        self.server[1].write(head + body)
        trip = b""
        while True:
            head = await reader.readexactly(5)
            trip += head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            if head[:1] in (b"Q", b"S", b"X"):
                await self.send(trip, head[:1])
                trip = b""

    async def send(self, trip, last):
        strikes = last != b"X" and plan.strikes()
        if strikes:
            if plan.anomaly == "refusal":
                if last == b"Q": trip = message(b"Q", NONSENSE)
                else: trip = message(b"P", b"\0" + NONSENSE + b"\0\0") + message(b"S", b"")
            elif plan.anomaly == "questionCut":
                trip = trip[:len(trip) // 2]
            else:
                self.cuts_answer = True
        self.server[1].write(trip)
        await self.server[1].drain()
        if strikes and plan.anomaly == "questionCut": self.close()

    async def answers(self):
        while True:
            data = await self.server[0].read(65536)
            if not data: return
            if self.cuts_answer:
                data = data[:len(data) // 2]
            self.client[1].write(data)
            await self.client[1].drain()
            if self.cuts_answer: return

async def connect(reader, writer):
    try:
        server = await asyncio.open_unix_connection("behind")
    except OSError:
        writer.close()
        return
    link = Link((reader, writer), server)
    ways = [asyncio.ensure_future(way) for way in (link.questions(), link.answers())]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    link.close()
    for way in ways: way.cancel()
    # An end of the stream is how each of them ends.
    await asyncio.gather(*ways, return_exceptions=True)

async def control(reader, writer):
    words = (await reader.readline()).decode().split()
    if words[0] == "arm":
        plan.anomaly, plan.target, plan.stride = words[1], int(words[2]), int(words[3])
        plan.count, plan.spoiled = 0, 0
    writer.write(f"{plan.count} {plan.spoiled}\n".encode())
    await writer.drain()
    writer.close()

async def main():
    os.rename("state/run/postgres/.s.PGSQL.5432", "behind")
    front = await asyncio.start_unix_server(connect, "state/run/postgres/.s.PGSQL.5432")
    door = await asyncio.start_server(control, "127.0.0.1", 0)
    tell(door.sockets[0].getsockname()[1])
    await front.serve_forever()

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
asyncio.run(main())
