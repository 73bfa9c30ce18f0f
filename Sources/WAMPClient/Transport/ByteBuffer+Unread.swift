import NIOCore

extension ByteBuffer {
    /// Releases the memory of what was taken from the read buffer. Otherwise the buffer would grow with all input of a
    /// router that never pauses between two frames, and messages that are kept would keep the octets behind them.
    ///
    /// The rest is copied: the beginning of a frame, once for each incomplete frame.
    mutating func releaseTaken() {
        if self.readableBytes == 0 {
            // So that the channel can read into its memory again.
            self = ByteBuffer()
        } else if self.readerIndex > 0 {
            self = ByteBuffer(bytes: self.readableBytesView)
        }
    }
}
