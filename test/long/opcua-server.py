"""An OPC UA server of another implementation (asyncua): its variables are set by lines of JSON on its standard input.

A line is {"set": [["T1.power", 12.5, "Double", "Good", "2026-01-01T00:00:00"], ...]}: name in namespace 2, value, type, status, source
time (null: none given); each is answered by "set". {"add": {"T1.late": [7, "Double"]}} adds variables, and {"tellNamespaces":
false} makes the list of namespaces one that cannot be read, until it is true.
Argument: JSON with port, names (each with its first value and type), and for a secure one certificate, key
and password of the user "aurora"; namespaces, of which urn:aurora:test has the variables; publishingMs, the
shortest interval that it grants; samplingMs, the same of looking at a variable; nodesPerCall, the most that it begins to
watch in one call; room, the most that it watches at all.
"""

import asyncio
import json
import logging
import sys
from datetime import datetime

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.subscription_service import SubscriptionService

logging.disable(logging.CRITICAL)
options = json.loads(sys.argv[1])


class Users:
    def get_user(self, iserver, username=None, password=None, certificate=None):
        if "password" not in options:
            return User(role=UserRole.User)
        return User(role=UserRole.User) if (username, password) == ("aurora", options["password"]) else None


def limit():
    create, watch = SubscriptionService.create_subscription, SubscriptionService.create_monitored_items

    async def create_slower(self, params, *more, **named):
        params.RequestedPublishingInterval = max(params.RequestedPublishingInterval, options.get("publishingMs", 0))
        return await create(self, params, *more, **named)

    async def watch_fewer(self, params):
        if len(params.ItemsToCreate) > options.get("nodesPerCall", 10_000):
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        room = options.get("room", len(params.ItemsToCreate))
        params.ItemsToCreate, beyond = params.ItemsToCreate[:room], params.ItemsToCreate[room:]
        results = await watch(self, params)
        for result in results:
            result.RevisedSamplingInterval = max(result.RevisedSamplingInterval, options.get("samplingMs", 0))
        full = ua.StatusCode(ua.StatusCodes.BadTooManyMonitoredItems)
        return results + [ua.MonitoredItemCreateResult(StatusCode=full) for _ in beyond]

    SubscriptionService.create_subscription = create_slower
    SubscriptionService.create_monitored_items = watch_fewer


async def serve():
    limit()
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
    spaces = options.get("namespaces", ["urn:aurora:test"])
    indexes = {space: await server.register_namespace(space) for space in spaces}
    if "nodesPerCall" in options:
        node = server.get_node(ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall)
        await node.write_value(options["nodesPerCall"], ua.VariantType.UInt32)
    nodes = {}

    async def add(names, space="urn:aurora:test"):
        for name, (value, kind) in names.items():
            node_id = ua.NodeId(name, indexes[space])
            nodes[name] = await server.nodes.objects.add_variable(node_id, name, value, getattr(ua.VariantType, kind))

    for space in spaces:
        if space != "urn:aurora:test":
            await add({name: [-1, "Int32"] for name in options["names"]}, space)
    await add(options["names"])

    listed = await server.get_namespace_array()

    async def take(line):
        order = json.loads(line)
        await add(order.get("add", {}))
        if "tellNamespaces" in order:
            node = server.get_node(ua.ObjectIds.Server_NamespaceArray)
            code = ua.StatusCodes.Good if order["tellNamespaces"] else ua.StatusCodes.BadOutOfService
            variant = ua.Variant(listed) if order["tellNamespaces"] else None
            data = ua.DataValue(Value=variant, StatusCode=ua.StatusCode(code))
            (result,) = await server.iserver.isession.write(write_of(node.nodeid, data))
            result.check()
        for name, value, kind, status, time in order.get("set", []):
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
