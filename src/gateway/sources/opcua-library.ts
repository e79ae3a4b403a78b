/** The part of `node-opcua-client` that is used, declared here since the package need not be installed. Imports nothing of it. */

interface OpcUaStatus {
  readonly value: number;
  readonly name: string;
}

export interface OpcUaDataValue {
  readonly value?: { readonly value?: unknown; readonly dataType?: number } | null;
  readonly statusCode?: OpcUaStatus | null;
}

export interface OpcUaItem {
  on(event: "changed", listener: (value: OpcUaDataValue) => void): void;
  readonly statusCode?: OpcUaStatus;
  /** As the server has granted them; of one that it refuses as they were asked for. */
  readonly monitoringParameters: { readonly samplingInterval: number };
  terminate(): Promise<void>;
}

/** Of a variable: which attribute of which node. */
export interface OpcUaAttribute {
  readonly nodeId: string;
  readonly attributeId: number;
}

export interface OpcUaSubscription {
  on(event: "keepalive" | "terminated", listener: () => void): void;
  /** As the server has granted it. */
  readonly publishingInterval: number;
  readonly maxKeepAliveCount: number;
  monitorItems(
    items: readonly OpcUaAttribute[],
    parameters: object,
    timestamps: number,
  ): Promise<{ readonly monitoredItems: readonly OpcUaItem[] }>;
  /** One alone; the package keeps nothing of one that is refused. */
  monitor(item: OpcUaAttribute, parameters: object, timestamps: number): Promise<OpcUaItem>;
}

export interface OpcUaSession {
  on(event: "session_closed", listener: () => void): void;
  read(nodes: readonly OpcUaAttribute[]): Promise<readonly OpcUaDataValue[]>;
  createSubscription2(parameters: object): Promise<OpcUaSubscription>;
}

export interface OpcUaClient {
  on(event: "connection_lost" | "close", listener: () => void): void;
  connect(url: string): Promise<void>;
  createSession(user?: object): Promise<OpcUaSession>;
  disconnect(): Promise<void>;
}

export interface CertificatePackage {
  readonly OPCUACertificateManager: new (options: object) => object;
}

export interface OpcUaLibrary extends OpcUaPackage, CertificatePackage {}

export interface OpcUaPackage {
  readonly OPCUAClient: { create(options: object): OpcUaClient };
  readonly ClientSubscription: object;
  readonly StatusCodes: Readonly<Record<"Good" | "BadCertificateUntrusted", OpcUaStatus>>;
  readonly TimestampsToReturn: { readonly Neither: number };
  readonly UserTokenType: { readonly UserName: number };
  setWarningLogger(log: () => void): void;
  setErrorLogger(log: () => void): void;
}
