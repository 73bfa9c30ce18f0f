import CLibpq

@testable import Postgres

/// Rows as libpq hands them over.
struct AnsweredRows: ~Copyable {
    private let result: OpaquePointer?
    private let count: Int

    init(_ rows: [[String?]]) {
        self.result = PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK)
        self.count = rows.count
        "column".withCString { name in
            var columns = [PGresAttDesc](
                repeating: PGresAttDesc(
                    name: UnsafeMutablePointer(mutating: name), tableid: 0, columnid: 0, format: 0, typid: 25,
                    typlen: -1, atttypmod: -1),
                count: rows.first?.count ?? 0)
            _ = PQsetResultAttrs(self.result, Int32(columns.count), &columns)
        }
        for (row, values) in rows.enumerated() {
            for (column, value) in values.enumerated() {
                var text = value.map { Array($0.utf8CString) }
                let length = text.map { Int32($0.count - 1) } ?? -1
                text.withBytes { _ = PQsetvalue(self.result, Int32(row), Int32(column), $0, length) }
            }
        }
    }

    deinit {
        PQclear(self.result)
    }

    func forEach(_ body: (borrowing ResultRow) -> Void) {
        guard let result = self.result else { return }
        for row in 0..<self.count { body(ResultRow(result, row: Int32(row))) }
    }
}

extension [CChar]? {
    fileprivate mutating func withBytes(_ body: (UnsafeMutablePointer<CChar>?) -> Void) {
        guard var bytes = self else { return body(nil) }
        bytes.withUnsafeMutableBufferPointer { body($0.baseAddress) }
    }
}
