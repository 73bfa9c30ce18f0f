internal import CLibpq

/// The owner of one `PGconn`.
///
/// A thread of the ``Connector`` makes the connection and hands it to the event loop, where alone it is used. In the
/// end a thread finishes it. No two threads use it at a time, so it may cross threads; after ``finish()`` it must not
/// be used.
@safe final class ConnectionHandle: @unchecked Sendable {
    /// libpq's connection.
    let pointer: OpaquePointer
    private var isFinished = false
    /// The server, as far as known. Set once, before the event loop has the connection.
    var server: ServerIdentity?
    /// The backend. Set once, as above.
    var identity: BackendIdentity?

    /// Takes the result of `PQconnectdbParams` over.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
        unsafe PQsetNoticeReceiver(pointer, { _, _ in }, nil)
    }

    deinit {
        self.finish()
    }

    /// Tells the server that the session ends, and frees the memory. Blocks, so it belongs on a connector's thread.
    func finish() {
        guard !self.isFinished else { return }
        self.isFinished = true
        unsafe PQfinish(self.pointer)
    }

    /// The process id of the backend, from the server's announcement.
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

    /// libpq's text of the last error, on one line.
    var errorText: String {
        guard let text = unsafe PQerrorMessage(self.pointer) else { return "unknown error" }
        return unsafe String(cString: text)
            .split(whereSeparator: \.isNewline)
            .map { $0.drop { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
    }
}
