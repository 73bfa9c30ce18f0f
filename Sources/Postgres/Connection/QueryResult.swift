internal import CLibpq
import Glibc

/// The owner of one `PGresult`.
@safe struct QueryResult: ~Copyable {
    /// The kind of a result, as far as the sidecar distinguishes kinds.
    enum Kind: Equatable {
        case rows
        case row
        case command
        case error
        case skipped
        case copy
        case sync
    }

    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe PQclear(self.pointer)
    }

    var kind: Kind {
        switch unsafe PQresultStatus(self.pointer) {
        case PGRES_TUPLES_OK: .rows
        case PGRES_SINGLE_TUPLE: .row
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .command
        case PGRES_PIPELINE_ABORTED: .skipped
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: .copy
        default: .error
        }
    }

    var rowCount: Int32 {
        unsafe PQntuples(self.pointer)
    }

    /// The number of rows that an INSERT, UPDATE, DELETE, MERGE or SELECT affected; nil for other commands.
    var affectedRows: Int? {
        guard let text = unsafe PQcmdTuples(self.pointer) else { return nil }
        return unsafe Int(String(cString: text))
    }

    /// The row of this number. Valid only as long as the result.
    func row(_ number: Int32) -> ResultRow {
        unsafe ResultRow(self.pointer, row: number)
    }

    /// The content of a description.
    var shape: StatementShape {
        StatementShape(
            parameters: unsafe (0..<PQnparams(self.pointer)).map { unsafe PQparamtype(self.pointer, $0) },
            columns: unsafe (0..<PQnfields(self.pointer)).map { column in
                StatementShape.Column(
                    name: unsafe PQfname(self.pointer, column).map { unsafe String(cString: $0) } ?? "",
                    type: unsafe PQftype(self.pointer, column))
            })
    }

    /// All rows as text, for rare queries.
    var texts: Rows {
        let columns = unsafe PQnfields(self.pointer)
        let names = (0..<columns).map { column in
            unsafe PQfname(self.pointer, column).map { unsafe String(cString: $0) } ?? ""
        }
        let values = (0..<self.rowCount).map { row in
            (0..<columns).map { column -> String? in
                guard unsafe PQgetisnull(self.pointer, row, column) == 0 else { return nil }
                return unsafe PQgetvalue(self.pointer, row, column).map { unsafe String(cString: $0) }
            }
        }
        return Rows(columns: names, values: values)
    }

    /// Whether it is an error that libpq itself made: the connection is broken, and the running work may have been
    /// committed.
    var isLossOfConnection: Bool {
        self.kind == .error && self.field("C") == nil
    }

    /// The error that the server, or libpq, reported.
    var error: DatabaseError {
        let message = unsafe self.field("M") ?? String(cString: PQresultErrorMessage(self.pointer))
        return DatabaseError(
            sqlstate: self.field("C") ?? "XX000",
            message: message.isEmpty ? "unknown error" : message,
            severity: self.field("V") ?? "ERROR",
            detail: self.field("D"),
            hint: self.field("H"),
            context: self.field("W"),
            schema: self.field("s"),
            table: self.field("t"),
            column: self.field("c"),
            datatype: self.field("d"),
            constraint: self.field("n"),
            isRaised: self.field("R").map(DatabaseError.isRaising) ?? false)
    }

    /// Its size in memory, in octets.
    var memory: Int { unsafe PQresultMemorySize(self.pointer) }

    /// No router accepts a larger field of an error; it is not copied only to be refused.
    private static let greatestField = 1 << 24

    private func field(_ code: Unicode.Scalar) -> String? {
        guard let text = unsafe wamp_sidecar_result_field(self.pointer, CChar(truncatingIfNeeded: code.value)) else {
            return nil
        }
        let length = unsafe strnlen(text, Self.greatestField + 1)
        guard length <= Self.greatestField else { return "a text of more than \(Self.greatestField) octets" }
        return unsafe String(cString: text)
    }
}
