import NIOCore
import Postgres

/// The relay's calls of the SQL interface. All of them in the session that holds the leader's lock.
struct RelayStatements {
    /// The most octets of one scan.
    static let octets = 4 << 20
    /// The most octets of one event, if the router announces no limit.
    static let mostOctets = 16 << 20

    let mark: Statement
    /// The oldest transaction that may still write: of a session, or prepared. Any role may query that.
    let holder = Statement(
        """
        select l.pid, coalesce(p.gid, ''), coalesce(a.datname, p.database, ''), coalesce(a.usename, p.owner, ''), \
        coalesce(a.application_name, '') \
        from pg_catalog.pg_locks as l \
        left join pg_catalog.pg_stat_activity as a on a.pid = l.pid \
        left join pg_catalog.pg_prepared_xacts as p on p.transaction = l.transactionid and l.pid is null \
        where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted \
        order by pg_catalog.age(l.transactionid) desc limit 1
        """)
    let horizon = Statement("select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text")
    let read: Statement
    let delete: Statement
    let bury: Statement
    let truncate: Statement
    let lock = Statement("select pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    let unlock = Statement("select pg_catalog.pg_advisory_unlock($1::pg_catalog.int4, $2::pg_catalog.int4)")

    /// - Parameter schema: the schema of the SQL interface, as an identifier: quoted if necessary.
    init(schema: String) {
        self.mark = Statement("select last_id, xid, sequence from \(schema).relay_mark()")
        self.read = Statement(
            """
            select id, event_id, topic, args, kwargs, options, fault, age \
            from \(schema).relay_read($1::pg_catalog.int8, $2::pg_catalog.int4, $3::pg_catalog.int4, \
            $4::pg_catalog.text[], $5::pg_catalog.int4, $6::pg_catalog.int8[], $7::pg_catalog.int8[], \
            $8::pg_catalog.int8, $9::pg_catalog.text[], $10::pg_catalog.int8)
            """)
        self.delete = Statement(
            """
            select \(schema).relay_delete($1::pg_catalog.int8[], $2::pg_catalog.int8[], $3::pg_catalog.int8[])
            """)
        self.bury = Statement(
            """
            select \(schema).relay_bury($1::pg_catalog.int8, $2::pg_catalog.text, $3::pg_catalog.text, \
            $4::pg_catalog.int4)
            """)
        self.truncate = Statement("select \(schema).relay_truncate()")
    }

    /// The values of ``read``.
    ///
    /// - Parameters:
    ///   - held: the text of an array of topics whose events are left in place; nil for none.
    ///   - wanted: the only topics whose events are read; nil for all.
    ///   - largest: the most octets of one event.
    static func reading(_ scan: RelayScan, held: String?, wanted: [String]?, largest: Int) -> Parameters {
        var values = Parameters()
        values.append(scan.behind)
        values.append("\(scan.rows)")
        values.append("\(Self.octets)")
        if let held { values.append(held) } else { values.appendNull() }
        values.append("\(largest > 0 ? largest : Self.mostOctets)")
        if scan.ranges.isEmpty {
            values.appendNull()
            values.appendNull()
        } else {
            values.append(ids: scan.ranges.map(\.lowerBound))
            values.append(ids: scan.ranges.map(\.upperBound))
        }
        values.append(scan.upTo)
        if let wanted { values.append(SQLText.array(wanted)) } else { values.appendNull() }
        values.append(scan.sequence)
        return values
    }

    /// The values of ``delete``.
    static func deleting(_ rows: RemovedRows) -> Parameters {
        var values = Parameters(bytes: (rows.singles.count + rows.runs.count * 2) * 8, count: 3)
        values.append(ids: rows.singles)
        values.append(ids: rows.runs.map(\.lowerBound))
        values.append(ids: rows.runs.map(\.upperBound))
        return values
    }

    /// The values of ``bury``.
    static func burying(_ letter: DeadLetter) -> Parameters {
        var values = Parameters()
        values.append("\(letter.event)")
        values.append(letter.error)
        values.append(letter.message)
        values.append("\(letter.attempts)")
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

extension ScanBound.Mark {
    /// Takes the answer of ``RelayStatements/mark``; nil if it has another form.
    init?(_ row: [String?]) {
        guard row.count == 3, let last = row[0].flatMap({ Int64($0) }), let xid = row[1].flatMap({ UInt64($0) }),
            let sequence = row[2].flatMap({ Int64($0) })
        else { return nil }
        self.init(last: last, horizon: xid, sequence: sequence)
    }
}

extension Parameters {
    fileprivate mutating func append(_ number: Int64?) {
        if let number { self.append("\(number)") } else { self.appendNull() }
    }

    fileprivate mutating func append(ids: [Int64]) {
        self.append { (buffer: inout ByteBuffer) in
            buffer.writeInteger(UInt8(ascii: "{"))
            for (index, id) in ids.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                buffer.writeString("\(id)")
            }
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }
}
