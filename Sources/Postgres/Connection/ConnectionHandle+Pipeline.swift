internal import CLibpq
import Glibc

/// libpq's calls for a connection in pipeline mode. None of them blocks.
extension ConnectionHandle {
    // MARK: - Sending

    /// Whether libpq accepted it; otherwise the connection is broken. The same holds for the others.
    func prepare(_ statement: Statement) -> Bool {
        unsafe PQsendPrepare(self.pointer, statement.name, statement.text, 0, nil) == 1
    }

    func run(_ statement: Statement, _ parameters: Parameters) -> Bool {
        unsafe parameters.withValues { values, _ in
            unsafe statement.nameForLibpq.withUnsafeBufferPointer { name in
                unsafe PQsendQueryPrepared(
                    self.pointer, name.baseAddress, Int32(clamping: values.count), values.baseAddress, nil, nil, 0) == 1
            }
        }
    }

    func run(_ text: String, _ parameters: Parameters = Parameters()) -> Bool {
        unsafe parameters.withValues { values, _ in
            unsafe PQsendQueryParams(
                self.pointer, text, Int32(clamping: values.count), nil, values.baseAddress, nil, nil, 0) == 1
        }
    }

    /// Requests the parsing of a statement without a name.
    func parse(_ text: String) -> Bool {
        unsafe PQsendPrepare(self.pointer, "", text, 0, nil) == 1
    }

    /// Requests the description of that statement's parameters and columns.
    func describe() -> Bool {
        unsafe PQsendDescribePrepared(self.pointer, "") == 1
    }

    /// Ends the segment. Newer libraries need no system call for each.
    func sync() -> Bool {
        if let send = unsafe LibraryFeatures.sendPipelineSync { return unsafe send(self.pointer) == 1 }
        return unsafe PQpipelineSync(self.pointer) == 1
    }

    /// How much of libpq's buffer has been sent.
    enum Flushed {
        case all
        /// The socket accepts no more for now.
        case part
        case broken
    }

    /// Sends libpq's buffer, as far as the socket accepts it.
    func flush() -> Flushed {
        switch unsafe PQflush(self.pointer) {
        case 0: .all
        case 1: .part
        default: .broken
        }
    }

    // MARK: - Receiving

    /// Whether there is something to read, or the socket is broken.
    var isReadable: Bool {
        var descriptor = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0
    }

    /// The number of octets that can be read; nil if the kernel does not report it.
    var readableOctets: Int? {
        var octets: Int32 = 0
        return unsafe ioctl(self.descriptor, UInt(FIONREAD), &octets) == 0 ? Int(octets) : nil
    }

    /// Reads the available octets. False if the connection is broken; results that were read before can still be taken.
    func read() -> Bool {
        unsafe PQconsumeInput(self.pointer) == 1
    }

    /// Whether the next result is not complete yet.
    var isBusy: Bool { unsafe PQisBusy(self.pointer) != 0 }

    /// Whether libpq considers the connection intact. A broken one returns "no more results" again and again.
    var isSound: Bool { unsafe PQstatus(self.pointer) == CONNECTION_OK }

    /// The next result; nil if the command's results have ended.
    func takeResult() -> QueryResult? {
        guard let pointer = unsafe PQgetResult(self.pointer) else { return nil }
        return unsafe QueryResult(owning: pointer)
    }

    /// Hands over the notifications that were read. The payload's bytes are valid only during the call.
    func takeNotifications(_ take: (_ channel: String, _ payload: UnsafeRawBufferPointer) -> Void) {
        while let notification = unsafe PQnotifies(self.pointer) {
            defer { unsafe PQfreemem(notification) }
            let channel = unsafe String(cString: notification.pointee.relname)
            let payload = unsafe notification.pointee.extra
            let length = unsafe payload.map { unsafe strlen($0) } ?? 0
            unsafe take(channel, UnsafeRawBufferPointer(start: payload, count: length))
        }
    }

    /// Makes libpq return the rows of the next results one by one.
    func enterSingleRowMode() {
        _ = unsafe PQsetSingleRowMode(self.pointer)
    }

    /// Whether no ended segment can have left a transaction open in the session.
    ///
    /// - Parameter isRunning: more segments were sent.
    func isOutsideTransaction(isRunning: Bool) -> Bool {
        let status = unsafe PQtransactionStatus(self.pointer)
        return status == PQTRANS_IDLE || (isRunning && status == PQTRANS_ACTIVE)
    }
}
