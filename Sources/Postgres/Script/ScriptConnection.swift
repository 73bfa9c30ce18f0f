internal import CLibpq

/// A connection for scripts and for the command line: each statement waits for the one before.
///
/// It blocks, so it belongs on its own thread or in a command, never on an event loop. One user at a time.
package struct ScriptConnection: ~Copyable {
    private let handle: ConnectionHandle
    private let isOwner: Bool

    /// Connects.
    ///
    /// - Throws: ``ConnectFailure``, which contains no password.
    package init(_ settings: ConnectionSettings, part: ConnectionSettings.Part = .script) throws(ConnectFailure) {
        let handle = try Connector.connect(settings.options(for: part))
        guard unsafe PQstatus(handle.pointer) == CONNECTION_OK else { throw ConnectFailure(server: handle.errorText) }
        self.handle = handle
        self.isOwner = true
    }

    /// Borrows a connection that has another use later, and is not in pipeline mode yet.
    init(borrowing handle: ConnectionHandle) {
        self.handle = handle
        self.isOwner = false
    }

    deinit {
        if self.isOwner { self.handle.finish() }
    }

    /// For example 150018.
    package var serverVersion: Int { Int(self.handle.serverVersion) }

    /// The server's host, in brackets if a URL needs them; nil for a Unix socket.
    package var host: String? {
        guard let host = unsafe PQhost(self.handle.pointer) else { return nil }
        let name = unsafe String(cString: host)
        guard !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix("@") else { return nil }
        return name.contains(":") ? "[\(name)]" : name
    }

    /// The server's port.
    package var port: String {
        unsafe PQport(self.handle.pointer).map { unsafe String(cString: $0) } ?? ""
    }

    /// Runs a text with any number of statements, as one message: outside of a transaction block they are one
    /// transaction.
    package func run(_ script: String) throws(DatabaseError) {
        _ = try unsafe self.check(PQexec(self.handle.pointer, script))
    }

    /// Runs one statement with parameters, and returns its rows.
    package func query(_ text: String, _ values: [String?] = []) throws(DatabaseError) -> Rows {
        let parameters = Self.parameters(values)
        let result = unsafe parameters.withValues { values, _ in
            unsafe PQexecParams(
                self.handle.pointer, text, Int32(values.count), nil, values.baseAddress, nil, nil, 0)
        }
        return try unsafe self.check(result)
    }

    /// The same, row by row: only one row is in memory at a time.
    ///
    /// - Parameter take: called with each row.
    package func query(
        _ text: String, _ values: [String?] = [], take: ([String?]) -> Void
    ) throws(DatabaseError) {
        let parameters = Self.parameters(values)
        let isSent = unsafe parameters.withValues { values, _ in
            unsafe PQsendQueryParams(
                self.handle.pointer, text, Int32(values.count), nil, values.baseAddress, nil, nil, 0)
        }
        guard isSent == 1, unsafe PQsetSingleRowMode(self.handle.pointer) == 1 else {
            throw DatabaseError(sqlstate: "08006", message: self.handle.errorText)
        }
        var fault: DatabaseError?
        while let result = unsafe PQgetResult(self.handle.pointer) {
            do throws(DatabaseError) {
                for row in try unsafe self.check(result).values { take(row) }
            } catch {
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
    }

    private static func parameters(_ values: [String?]) -> Parameters {
        var parameters = Parameters()
        for value in values {
            if let value { parameters.append(value) } else { parameters.appendNull() }
        }
        return parameters
    }

    /// The password's form in `pg_authid`, computed here so that the server never sees the password itself.
    package func verifier(password: String, role: String) throws(DatabaseError) -> String {
        guard let text = unsafe PQencryptPasswordConn(self.handle.pointer, password, role, "scram-sha-256") else {
            throw DatabaseError(sqlstate: "XX000", message: self.handle.errorText)
        }
        defer { unsafe PQfreemem(text) }
        return unsafe String(cString: text)
    }

    private func check(_ pointer: OpaquePointer?) throws(DatabaseError) -> Rows {
        guard let pointer = unsafe pointer else {
            throw DatabaseError(sqlstate: "08006", message: self.handle.errorText)
        }
        let result = unsafe QueryResult(owning: pointer)
        switch result.kind {
        case .rows, .row: return result.texts
        case .command, .skipped, .sync: return Rows(columns: [], values: [])
        case .copy: throw DatabaseError(sqlstate: "0A000", message: "COPY is not allowed in a script")
        case .error:
            var error = result.error
            if result.isLossOfConnection { error.sqlstate = "08006" }
            throw error
        }
    }
}
