"""A Modbus TCP server of another implementation (pymodbus 3.0, as Debian has it): its registers are set by lines of JSON on its standard input.

A line is {"unit": 1, "registers": [[100, ">f", 12.5], ...]}: address, format of Python's struct, value; each is answered by "set".
Registers 0 to 999 are there, of holding and input alike; the rest is refused. Arguments: port, units.
"""

import asyncio
import json
import struct
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartAsyncTcpServer


def unit():
    return ModbusSlaveContext(
        hr=ModbusSequentialDataBlock(0, [0] * 1000), ir=ModbusSequentialDataBlock(0, [0] * 1000), zero_mode=True
    )


async def serve(port, units):
    context = ModbusServerContext(slaves={number: unit() for number in units}, single=False)

    def take(line):
        order = json.loads(line)
        for address, form, value in order["registers"]:
            packed = struct.pack(form, value)
            words = list(struct.unpack(">%dH" % (len(packed) // 2), packed))
            if form.startswith("<"):
                words = [(word & 0xFF) << 8 | word >> 8 for word in words]
            for function in (3, 4):
                context[order["unit"]].setValues(function, address, words)
        print("set", flush=True)

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(take, line)
        loop.call_soon_threadsafe(task.cancel)

    loop = asyncio.get_running_loop()
    # The port of one that was killed while it had a client stays taken for a minute, unless it is asked for again.
    task = asyncio.ensure_future(
        StartAsyncTcpServer(context=context, address=("127.0.0.1", port), allow_reuse_address=True)
    )
    loop.run_in_executor(None, read)
    try:
        await task
    except asyncio.CancelledError:
        pass


asyncio.run(serve(int(sys.argv[1]), [int(number) for number in sys.argv[2:]]))
