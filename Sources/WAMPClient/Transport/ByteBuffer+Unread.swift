import NIOCore

extension ByteBuffer {
    /// Lets go of what was taken out of what was read. Else a router that never stops in between two frames would have the buffer grow with
    /// all that it sends, and messages that are kept would hold on to what came behind them.
    ///
    /// What is left is copied: the beginning of a frame, once for each frame that is not complete.
    mutating func letGoOfTaken() {
        if self.readableBytes == 0 {
            // So that the channel can read into its memory again.
            self = ByteBuffer()
        } else if self.readerIndex > 0 {
            self = ByteBuffer(bytes: self.readableBytesView)
        }
    }
}
