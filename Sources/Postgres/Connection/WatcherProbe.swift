internal import Glibc

/// Asks the thread that watches libpq's sockets for a sign of life. On the event loop.
///
/// The reading end of a pipe with an octet in it is always ready, so it is reported each time that it is armed.
package final class WatcherProbe: WatcherHandler {
    private let watcher: Watcher
    private let reading: Int32
    private let writing: Int32
    private var token: Watcher.Token?
    private var answer: (() -> Void)?

    /// Asks nothing yet.
    ///
    /// - Throws: ``WatcherError`` if there is no descriptor left.
    package init(_ watcher: Watcher) throws(WatcherError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw WatcherError(operation: "pipe", errno: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.watcher = watcher
        self.reading = ends[0]
        self.writing = ends[1]
        _ = unsafe write(self.writing, [UInt8(0)], 1)
    }

    deinit {
        close(self.reading)
        close(self.writing)
    }

    /// Asks; `answer` is called when the thread has said that it lives. Not before the last answer has come.
    package func ask(answer: @escaping () -> Void) throws(WatcherError) {
        self.answer = answer
        if let token = self.token {
            try self.watcher.rearm(self.reading, writable: false, token: token)
        } else {
            self.token = try self.watcher.add(self.reading, writable: false, handler: self)
        }
    }

    /// Asks nothing more.
    package func stop() {
        self.answer = nil
        if let token = self.token { self.watcher.remove(self.reading, token: token) }
        self.token = nil
    }

    func descriptorIsReady() {
        let answer = self.answer
        self.answer = nil
        answer?()
    }
}
