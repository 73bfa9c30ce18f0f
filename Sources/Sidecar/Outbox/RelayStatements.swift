import NIOCore
import Postgres

/// What the relay asks of the SQL interface. All of it in the session that holds the leader's lock.
struct RelayStatements {
    /// The most octets of one scan.
    static let octets = 4 << 20

    let mark: Statement
    let horizon = Statement("select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text")
    let read: Statement
    let delete: Statement
    let bury: Statement
    let truncate: Statement
    let lock = Statement("select pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    let unlock = Statement("select pg_catalog.pg_advisory_unlock($1::pg_catalog.int4, $2::pg_catalog.int4)")

    /// - Parameter schema: where the SQL interface is, as an identifier: quoted where it has to be.
    init(schema: String) {
        self.mark = Statement("select last_id, xid from \(schema).relay_mark()")
        self.read = Statement(
            """
            select id, event_id, topic, args, kwargs, options \
            from \(schema).relay_read($1::pg_catalog.int8, $2::pg_catalog.int4, $3::pg_catalog.int4, \
            $4::pg_catalog.text[])
            """)
        self.delete = Statement("select \(schema).relay_delete($1::pg_catalog.int8[])")
        self.bury = Statement(
            """
            select \(schema).relay_bury($1::pg_catalog.int8, $2::pg_catalog.text, $3::pg_catalog.text, \
            $4::pg_catalog.int4)
            """)
        self.truncate = Statement("select \(schema).relay_truncate()")
    }

    /// The values of ``read``.
    ///
    /// - Parameter held: topics whose events are left where they are.
    static func reading(after id: Int64, rows: Int, held: [String]) -> Parameters {
        var values = Parameters()
        values.append("\(id)")
        values.append("\(rows)")
        values.append("\(Self.octets)")
        if held.isEmpty { values.appendNull() } else { values.append(SQLText.array(held)) }
        return values
    }

    /// The values of ``delete``.
    static func deleting(_ ids: [Int64]) -> Parameters {
        var values = Parameters(bytes: ids.count * 8, count: 1)
        values.append { (buffer: inout ByteBuffer) in
            buffer.writeInteger(UInt8(ascii: "{"))
            for (index, id) in ids.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                buffer.writeString("\(id)")
            }
            buffer.writeInteger(UInt8(ascii: "}"))
        }
        return values
    }

    /// The values of ``bury``.
    static func burying(_ id: Int64, error: String, message: String, attempts: Int) -> Parameters {
        var values = Parameters()
        values.append("\(id)")
        values.append(error)
        values.append(message)
        values.append("\(attempts)")
        return values
    }

    /// The values of ``lock`` and ``unlock``.
    static func key(_ key: (Int32, Int32)) -> Parameters {
        var values = Parameters()
        values.append("\(key.0)")
        values.append("\(key.1)")
        return values
    }
}
