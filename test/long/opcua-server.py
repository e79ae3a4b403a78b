"""An OPC UA server of another implementation (asyncua): its variables are set by lines of JSON on its standard input.

A line is {"set": [["T1.power", 12.5, "Double", "Good", "2026-01-01T00:00:00"], ...]}: name in namespace 2, value, type, status, source
time (null: none given); each is answered by "set". Argument: JSON with port, names (each
with its first value and type), and for a secure one certificate, key and password
of the user "aurora".
"""

import asyncio
import json
import logging
import sys
from datetime import datetime

from asyncua import Server, ua
from asyncua.crypto.permission_rules import User, UserRole

logging.disable(logging.CRITICAL)
options = json.loads(sys.argv[1])


class Users:
    def get_user(self, iserver, username=None, password=None, certificate=None):
        if "password" not in options:
            return User(role=UserRole.User)
        return User(role=UserRole.User) if (username, password) == ("aurora", options["password"]) else None


async def serve():
    server = Server(user_manager=Users())
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:%d/site" % options["port"])
    await server.set_application_uri("urn:aurora:test:server")
    if "certificate" in options:
        await server.load_certificate(options["certificate"])
        await server.load_private_key(options["key"], format="pem")
        server.set_security_policy(
            [
                ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
                ua.SecurityPolicyType.Basic256Sha256_Sign,
                ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
            ]
        )
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace("urn:aurora:test")
    nodes = {}
    for name, (value, kind) in options["names"].items():
        node_id = ua.NodeId(name, index)
        nodes[name] = await server.nodes.objects.add_variable(node_id, name, value, getattr(ua.VariantType, kind))

    async def take(line):
        for name, value, kind, status, time in json.loads(line)["set"]:
            variant = ua.Variant(value, getattr(ua.VariantType, kind))
            code = ua.StatusCode(getattr(ua.StatusCodes, status))
            stamp = None if time is None else datetime.fromisoformat(time)
            data = ua.DataValue(Value=variant, StatusCode=code, SourceTimestamp=stamp)
            (result,) = await server.iserver.isession.write(write_of(nodes[name].nodeid, data))
            result.check()
        print("set", flush=True)

    async with server:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            await take(line)


def write_of(node_id, data):
    attribute = ua.WriteValue(NodeId=node_id, AttributeId=ua.AttributeIds.Value, Value=data)
    return ua.WriteParameters(NodesToWrite=[attribute])


asyncio.run(serve())
