/** The part of `node-opcua-client` that is used, declared here since the package need not be installed. Imports nothing of it. */

interface OpcUaStatus {
  readonly value: number;
  readonly name: string;
}

export interface OpcUaDataValue {
  readonly value?: { readonly value?: unknown; readonly dataType?: number } | null;
  readonly statusCode?: OpcUaStatus | null;
  readonly sourceTimestamp?: Date | null;
  readonly serverTimestamp?: Date | null;
}

interface OpcUaGroup {
  on(event: "changed", listener: (item: unknown, value: OpcUaDataValue, index: number) => void): void;
  readonly monitoredItems: readonly { readonly statusCode?: OpcUaStatus }[];
}

interface OpcUaSubscription {
  on(event: "keepalive" | "terminated", listener: () => void): void;
  monitorItems(items: readonly object[], parameters: object, timestamps: number): Promise<OpcUaGroup>;
}

export interface OpcUaSession {
  on(event: "session_closed", listener: () => void): void;
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
  readonly DataChangeFilter: new (options: object) => object;
  readonly StatusCodes: Readonly<Record<"Good" | "BadCertificateUntrusted", OpcUaStatus>>;
  readonly TimestampsToReturn: { readonly Both: number };
  readonly UserTokenType: { readonly UserName: number };
  setWarningLogger(log: () => void): void;
  setErrorLogger(log: () => void): void;
}
