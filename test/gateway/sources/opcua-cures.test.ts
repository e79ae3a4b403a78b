import { expect, test } from "vitest";
import { cureConnection, cureNode } from "../../../src/gateway/sources/opcua-cures.ts";

test.each([
  [" serviceResult = BadTooManySessions (0x80560000)", "no room for one client more"],
  [" serviceResult = BadTooManyOperations (0x80100000)", "fewer nodes at once"],
  [
    " End point must exist opc.tcp://plc:4840/site  securityMode = None  securityPolicy = None",
    "another security",
  ],
  [
    "Cannot find an Endpoint matching  security mode: SignAndEncrypt policy: Aes256_Sha256_RsaPss",
    "another security",
  ],
  ["the certificate of the server is not trusted (CN=scada, SHA-256 0E:C8)", "trustFiles"],
  ["the certificate of the server is for DNS:laptop, not for scada (CN=laptop, SHA-256 0E:C8)", "into url"],
  ["the certificate of the server was not issued for a server (CN=gw, SHA-256 0E:C8)", "for a server"],
  ["the certificate of the server is valid from A to B (CN=scada, SHA-256 0E:C8)", "renewed"],
  [" serviceResult = BadUserAccessDenied (0x801f0000)", "username and password"],
  [" serviceResult = BadCertificateUntrusted (0x801a0000)", "trust this gateway's certificate"],
  ["the server does not tell its namespaces: BadUserAccessDenied", "list of namespaces"],
  ["the server is silent", "timeoutSeconds"],
  ["connect ECONNREFUSED 127.0.0.1:4840", "Check address and network"],
])("of a connection, %s has its own cure", (detail, cure) => {
  expect(cureConnection(detail)).toContain(cure);
});

test.each([
  ["namespace 2 was urn:a and is urn:b now", "nsu=URI"],
  ["namespace 2 was urn:a and is gone", "restart the gateway"],
  ["the server has no namespace urn:a", "Write the URI"],
  ["a value of type DateTime, not a number", "holds one number"],
  ["the server has no value of it yet", "not read it from its device yet"],
  ["it cannot be read: Error: BadTimeout", "did not answer in time"],
  ["65535 says that there is no value", "no value of it now"],
  ["bad: BadSensorFailure", "Look at the sensor"],
  ["bad: BadNodeIdUnknown", "Check the id"],
  ["the server refuses it: BadNodeIdUnknown", "Check the id"],
  ["bad: BadUserAccessDenied", "may read it"],
])("of a node, %s has its own cure", (detail, cure) => {
  expect(cureNode(detail)).toContain(cure);
});
