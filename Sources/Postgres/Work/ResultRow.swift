internal import CLibpq

/// One row of a result, while it is handed over: no part of it may be kept.
@safe package struct ResultRow: ~Copyable {
    private let result: OpaquePointer
    private let row: Int32

    /// Takes a `PGresult` that outlives the row, and the row's number.
    init(_ result: OpaquePointer, row: Int32) {
        unsafe self.result = unsafe result
        self.row = row
    }

    /// The number of columns.
    package var columnCount: Int {
        unsafe Int(PQnfields(self.result))
    }

    /// The name of a column; empty if there is no such column.
    package func name(_ column: Int) -> String {
        unsafe PQfname(self.result, Int32(clamping: column)).map { unsafe String(cString: $0) } ?? ""
    }

    /// Calls `body` with a value's text, or with nil for NULL. The bytes are valid until `body` returns.
    package func withText<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> Result) rethrows -> Result
    {
        let column = Int32(clamping: column)
        guard unsafe PQgetisnull(self.result, self.row, column) == 0,
            let value = unsafe PQgetvalue(self.result, self.row, column)
        else { return try body(nil) }
        let length = unsafe Int(PQgetlength(self.result, self.row, column))
        return try unsafe body(UnsafeRawBufferPointer(start: value, count: length))
    }

    /// The size of all its values, in octets.
    var byteCount: Int {
        (0..<self.columnCount).reduce(0) { sum, column in
            unsafe sum + Int(PQgetlength(self.result, self.row, Int32(column)))
        }
    }
}
