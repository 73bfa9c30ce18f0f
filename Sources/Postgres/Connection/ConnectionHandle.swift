internal import CLibpq

/// The owner of one `PGconn`.
///
/// A connection is made on a thread of the ``Connector``, handed to the event loop, used there alone, and handed back
/// to a thread to be finished. It is never used by two at a time, so it may cross threads; after ``finish()`` nobody
/// touches it.
@safe final class ConnectionHandle: @unchecked Sendable {
    /// libpq's connection.
    let pointer: OpaquePointer
    private var isFinished = false
    /// Which server it is to, as far as that is known. Set once, before the event loop has the connection.
    var server: ServerIdentity?
    /// Which backend it is to. Set once, as above.
    var identity: BackendIdentity?

    /// Takes over what `PQconnectdbParams` returned.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
        unsafe PQsetNoticeReceiver(pointer, { _, _ in }, nil)
    }

    deinit {
        self.finish()
    }

    /// Says goodbye to the server and gives the memory back. Blocks, so it belongs on a connector's thread.
    func finish() {
        guard !self.isFinished else { return }
        self.isFinished = true
        unsafe PQfinish(self.pointer)
    }

    /// The process id of the backend, as the server announced it.
    var backend: Int32 {
        unsafe PQbackendPID(self.pointer)
    }

    /// For example 150018.
    var serverVersion: Int32 {
        unsafe PQserverVersion(self.pointer)
    }

    /// The socket; -1 if the connection is broken.
    var descriptor: Int32 {
        unsafe PQsocket(self.pointer)
    }

    /// The last error in libpq's words, on one line.
    var errorText: String {
        guard let text = unsafe PQerrorMessage(self.pointer) else { return "unknown error" }
        return unsafe String(cString: text)
            .split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
    }
}
