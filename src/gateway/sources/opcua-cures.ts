/** What to do about what is wrong with an OPC UA server, by the words and status codes that are told of it. */

type Cure = readonly [says: RegExp, cure: string];

const connectionCures: readonly Cure[] = [
  [
    /certificate of the server is not trusted/,
    "Compare the fingerprint with the server's own, and add its certificate, or that of the authority that signed it itself, to trustFiles.",
  ],
  [
    /certificate of the server (is for .*, not for|was not issued for a server)/,
    "Write a name that the certificate is for into url, or have one issued for a server of this name; or add the server's own certificate to trustFiles, once its fingerprint is compared.",
  ],
  [
    /certificate of the server is valid from/,
    "Have the server's certificate renewed, or set this gateway's clock right.",
  ],
  [
    /the server has no certificate|securityMode|Cannot find an Endpoint|BadSecurityModeRejected|BadSecurityPolicyRejected/i,
    "Write another security or policy: the server does not offer this one.",
  ],
  [
    /BadTooManySessions|BadMaxConnectionsReached|BadTooManySubscriptions/,
    "The server has no room for one client more: close others, or raise its limit.",
  ],
  [
    /BadTooManyOperations|BadTooManyMonitoredItems|BadResponseTooLarge|BadRequestTooLarge|BadEncodingLimitsExceeded/,
    "The server takes fewer nodes at once than it is asked for: raise its limit, or map fewer.",
  ],
  [
    /does not tell its namespaces/,
    "Let the server give this user its list of namespaces (i=2255); one that has just started may not have it yet.",
  ],
  [
    /BadUserAccessDenied|BadIdentityToken/,
    "Check username and password, and that the server knows this user; without username it must allow anonymous.",
  ],
  [
    /BadCertificate|BadSecurityChecksFailed/,
    "Have the server trust this gateway's certificate, which must be valid, and bear its application URI as alternative name.",
  ],
  [
    /silent/,
    "Check the network, and whether the server is at work on something longer; raise timeoutSeconds if it stays so.",
  ],
];
const otherConnectionCure =
  "Check address and network, the user and password, and whether the server trusts this gateway's certificate.";

const nodeCures: readonly Cure[] = [
  [
    /namespace \d+ was /,
    "Write nsu=URI; in place of ns=NUMBER; with the URI of the variable's namespace; or, if the change is right, restart the gateway, which accepts it.",
  ],
  [/has no namespace/, "Write the URI as the server's list of namespaces has it."],
  [/not a number/, "Map another node: one variable that holds one number."],
  [
    /no value of it yet/,
    "The server has not read it from its device yet: look at the server's way to the device if it stays so.",
  ],
  [
    /cannot be read/,
    "The server did not answer in time, or takes fewer nodes in one read than it is asked for: look at its load and its limits, or map fewer.",
  ],
  [/says that there is no value/, "The server has no value of it now: look at the sensor if it stays so."],
  [
    /^(uncertain|bad): (?!BadNodeId|BadUserAccessDenied|BadNotReadable)/,
    "Look at the sensor, and at the server's way to it.",
  ],
];
const otherNodeCure = "Check the id of the node at the server, and whether this user may read it.";

/** Of what keeps a source from connecting, or ended a session. */
export function cureConnection(detail: string): string {
  return findCure(connectionCures, detail) ?? otherConnectionCure;
}

/** Of a node that gives no value. */
export function cureNode(detail: string): string {
  return findCure(nodeCures, detail) ?? otherNodeCure;
}

function findCure(cures: readonly Cure[], detail: string): string | undefined {
  return cures.find(([says]) => says.test(detail))?.[1];
}
