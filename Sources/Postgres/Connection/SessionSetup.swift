internal import CLibpq
import Glibc
import NIOCore

/// The questions and settings of every new session. Runs on a connector's thread, blocking, with a deadline.
struct SessionSetup: Sendable {
    private static let patience = TimeAmount.seconds(10)

    let part: ConnectionSettings.Part
    /// The deadline of calls without one.
    let statementTimeout: TimeAmount

    /// The settings by which the server soon drops a vanished sidecar, and those that the sidecar's own statements
    /// depend on. Each is made only if the server knows it; an empty one is not made.
    var settings: [(name: String, value: String)] {
        [
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "10000"),
            ("client_connection_check_interval", "5000"),
            // Cancels wait behind the catalog's questions, so none of these may wait for a migration's locks.
            ("lock_timeout", self.part == .control ? "500" : ""),
            // Nor for a standby: this session writes only the sidecar's own bookkeeping.
            ("synchronous_commit", self.part == .control ? "local" : ""),
            ("statement_timeout", self.statementTimeoutSetting),
            ("idle_session_timeout", "0"),
            // Notices are discarded, and may be of any size.
            ("client_min_messages", "error"),
            // The result of CALL comes as text, and is read in these formats.
            ("DateStyle", "ISO"),
            ("bytea_output", "hex"),
            // The catalog's questions take longer to plan than to answer.
            ("plan_cache_mode", self.part == .control ? "force_generic_plan" : "auto"),
        ] + (self.part == .leader ? Self.leaderSettings : [])
    }

    /// The outbox's relay depends on them, whatever the role's own defaults are. A plan that is made while the table is
    /// empty must not be a scan of the whole table when a backlog has grown, and the relay repeats a deletion that a
    /// crash undoes.
    private static let leaderSettings = [
        // Stamps wait behind the relay's statements: none of those may wait for long.
        ("lock_timeout", "3000"),
        ("synchronous_commit", "off"),
        ("default_transaction_isolation", "read committed"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ]

    private var statementTimeoutSetting: String {
        switch self.part {
        case .calls, .guests: "\(self.statementTimeout.nanoseconds / 1_000_000)"
        case .leader: "0"
        case .control, .listener, .check, .script: "10000"
        }
    }

    func run(on handle: ConnectionHandle) throws(ConnectFailure) {
        let deadline = NIODeadline.now() + Self.patience
        let question = """
            select pg_catalog.pg_backend_pid(), pg_catalog.current_setting('server_encoding'), \
            pg_catalog.current_setting('server_version_num'), \
            (select a.backend_start from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a)
            """
        let answer = try self.query(question, on: handle, deadline: deadline)
        guard answer.count == 4, let backend = answer[0], let encoding = answer[1], let version = answer[2] else {
            throw ConnectFailure("the server did not identify itself; is it PostgreSQL?")
        }
        guard Int32(backend) == handle.backend else {
            throw ConnectFailure(
                """
                there is a connection pooler between the sidecar and the server (backend \(handle.backend) announced, \
                \(backend) answered), which shares sessions among clients. Write the server's own address into \
                database.url
                """)
        }
        handle.identity = answer[3].map { BackendIdentity(pid: handle.backend, start: $0) }
        guard let number = Int(version), number >= 140_000 else {
            throw ConnectFailure("the server is older than PostgreSQL 14, the oldest that is supported")
        }
        guard encoding != "SQL_ASCII" else {
            throw ConnectFailure(
                """
                the database's encoding is SQL_ASCII: its texts need not be UTF-8, WAMP's are. Create one with \
                encoding 'UTF8' template template0, and load a dump of this one into it
                """)
        }
        guard encoding == "UTF8" || handle.clientEncodingIsUTF8 else {
            throw ConnectFailure("the database's encoding \(encoding) cannot be converted to UTF8")
        }
        var assignments = self.settings.filter { !$0.value.isEmpty }.map { name, value in
            """
            case when pg_catalog.current_setting('\(name)', true) is not null \
            then pg_catalog.set_config('\(name)', '\(value)', false) end
            """
        }
        if self.part == .calls || self.part == .guests {
            // Defining them at the start makes looking them up cheaper: a setting that does not exist costs more.
            assignments += CleanSession.callerSettings.map { "pg_catalog.set_config('\($0)', '', false)" }
        }
        _ = try self.query("select " + assignments.joined(separator: ", "), on: handle, deadline: deadline)
    }

    /// The identity of the server, as far as it reports it: everybody may call these functions, unless somebody revoked
    /// that.
    func identity(of handle: ConnectionHandle) -> ServerIdentity? {
        let deadline = NIODeadline.now() + Self.patience
        let walFile = """
            case when pg_catalog.pg_is_in_recovery() then null \
            else pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) end
            """
        let system = "(select s.system_identifier from pg_catalog.pg_control_system() s)"
        for question in ["select \(system), \(walFile)", "select null, \(walFile)", "select \(system), null"] {
            guard let answer = try? self.query(question, on: handle, deadline: deadline), answer.count == 2 else {
                continue
            }
            return ServerIdentity(system: answer[0], walFile: answer[1])
        }
        return nil
    }

    /// The first row of a query. The whole answer is read, even if it is an error: the connection remains usable.
    private func query(_ text: String, on handle: ConnectionHandle, deadline: NIODeadline) throws(ConnectFailure)
        -> [String?]
    {
        guard unsafe PQsendQuery(handle.pointer, text) == 1 else { throw ConnectFailure(server: handle.errorText) }
        var row: [String?] = []
        var fault: ConnectFailure?
        while true {
            while unsafe PQisBusy(handle.pointer) == 1 {
                try self.waitForInput(handle, deadline: deadline)
                guard unsafe PQconsumeInput(handle.pointer) == 1 else { throw ConnectFailure(server: handle.errorText) }
            }
            guard let pointer = unsafe PQgetResult(handle.pointer) else { break }
            let result = unsafe QueryResult(owning: pointer)
            if result.kind == .rows {
                row = result.texts.values.first ?? []
            } else {
                fault = fault ?? ConnectFailure(result.error)
            }
        }
        if let fault { throw fault }
        return row
    }

    private func waitForInput(_ handle: ConnectionHandle, deadline: NIODeadline) throws(ConnectFailure) {
        let left = (deadline - .now()).nanoseconds / 1_000_000
        guard left > 0 else { throw ConnectFailure("the server accepted the connection but does not answer") }
        var descriptor = pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, Int32(clamping: left))
    }
}

extension ConnectionHandle {
    fileprivate var clientEncodingIsUTF8: Bool {
        guard let name = unsafe PQparameterStatus(self.pointer, "client_encoding") else { return false }
        return unsafe String(cString: name) == "UTF8"
    }
}
