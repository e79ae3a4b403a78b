/** A byte stream to a device, whatever carries it. */

/** What a transport tells its user. */
export interface ByteTransportHandlers {
  /** A connection is up; anything unfinished of an earlier one is void. */
  onOpen(): void;
  /** Bytes came. The chunk may be overwritten by the receiver and is valid only during the call. */
  onBytes(chunk: Uint8Array): void;
  /** After {@link ByteTransport.write} returned false: there is room again. */
  onDrain(): void;
  /** The connection is gone, or was not made: why, and what to do, as far as that is known. Not called after {@link ByteTransport.close}. */
  onClose(reason: string, hint?: string): void;
}

/** One connection at a time. */
export interface ByteTransport {
  /** Address, for messages to people. */
  readonly name: string;
  /** Connects. Rejects with DEVICE_UNREACHABLE. May be called again after onClose. */
  open(handlers: ByteTransportHandlers): Promise<void>;
  /**
   * Sends bytes, which the transport owns from now on. False: it has enough, stop until onDrain (what was given is
   * sent all the same). Bytes written while there is no connection are lost.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops reading, so that the other side has to wait; bytes already read may still come. */
  pauseReading(): void;
  resumeReading(): void;
  /** Gives the present connection up; onClose follows with `reason`. Nothing happens when there is none. */
  drop(reason: string): void;
  /** Closes for good. */
  close(): Promise<void>;
}
