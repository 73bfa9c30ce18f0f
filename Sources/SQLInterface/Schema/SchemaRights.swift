import Postgres

/// The rights on the interface, as GRANT and REVOKE.
package struct SchemaRights: Sendable {
    private let schema: String

    private enum Functions {
        static let everybody = ["raise_error(text, jsonb, jsonb)", "binary(bytea)", "uri_fault(text, text)"]
        static let publisher = [
            "publish(text, jsonb, jsonb, jsonb, boolean)", "publish_row()", "call(text, jsonb, jsonb, jsonb)",
            "call_full(text, jsonb, jsonb, jsonb)",
        ]
        static let registrar = [
            "register(text, text, text, jsonb)", "unregister(text)", "subscribe(text, text, jsonb)",
            "unsubscribe(text, text)", "mapping_fault(text, text, text)",
            "mapping_option_fault(text, jsonb, boolean)", "mapping_prefix_fault(text, text)", "guest_role()",
        ]
        static let guest = ["mapping_guard(text)"]
        static let sidecar = [
            "sidecar_hello()", "relay_mark()",
            "relay_read(bigint, int, int, text[], int, bigint[], bigint[], bigint, text[], bigint)",
            "relay_delete(bigint[], bigint[], bigint[])", "relay_bury(bigint, text, text, int)", "relay_truncate()",
            "outbox_figures()", "leader_stamp()", "leader_release()",
            "leader_take(uuid, text)", "leader_read()",
            "leader_write(uuid, text, timestamptz, oid, int, timestamptz, boolean)",
            "event_bury(text, text, text, text, text, text, text, text, int, text)",
            "event_retries(int, bigint, bigint)",
            "event_retried(bigint, boolean, text, text)", "mapping_rows()", "mapping_stamp(text, bigint)",
            "mapping_list(text, bigint, int)", "mapping_page(text, bigint[])",
            "mapping_guard(text)", "guest_login()", "dead_letter_list(text, text, int)",
            "dead_letter_retry(bigint[])", "dead_letter_delete(bigint[])", "dead_letter_expire(interval)",
            "port_configure(text[], text, text)", "port_withdraw()",
        ]
    }

    /// The functions of dblink that a call needs.
    static let dblinkFunctions = [
        "dblink_get_connections()", "dblink_connect(text, text)", "dblink_disconnect(text)", "dblink_is_busy(text)",
        "dblink_error_message(text)", "dblink_send_query(text, text)", "dblink_get_result(text)",
    ]

    /// Takes the schema's name, not quoted.
    package init(schema: String) {
        self.schema = schema
    }

    /// The rights of the sidecar's role.
    package func sidecar(_ role: String) -> String {
        self.grants(Functions.sidecar + Functions.everybody, to: role)
    }

    /// The right to publish and call.
    package func publisher(_ role: String) -> String {
        self.grants(Functions.publisher + Functions.everybody, to: role)
    }

    /// The right to register and subscribe.
    package func registrar(_ role: String) -> String {
        let grantee = Self.grantee(role)
        return """
            \(self.grants(Functions.registrar + Functions.everybody, to: role))
            grant select, insert (uri, proc, signature, options) on \(self.name("registration")) to \(grantee);
            grant select, insert (topic, proc, options) on \(self.name("subscription")) to \(grantee);
            grant insert (kind, uri, proc) on \(self.name("removal")) to \(grantee);
            """
    }

    /// The functions that a low role's function needs for its arguments; no right to read or change anything.
    package func guest(_ role: String) -> String {
        let functions = Functions.guest.map { "\(SQLText.identifier(self.schema)).\($0)" }.joined(separator: ", ")
        let grantee = Self.grantee(role)
        return """
            grant usage on schema \(SQLText.identifier(self.schema)) to \(grantee);
            grant execute on function \(functions) to \(grantee);
            """
    }

    /// Revokes every right on the interface.
    package func nothing(_ role: String) -> String {
        let grantee = Self.grantee(role)
        let schema = SQLText.identifier(self.schema)
        return """
            revoke all on all routines in schema \(schema) from \(grantee);
            revoke all on \(self.name("registration")), \(self.name("subscription")) from \(grantee);
            revoke insert (uri, proc, signature, options) on \(self.name("registration")) from \(grantee);
            revoke insert (topic, proc, options) on \(self.name("subscription")) from \(grantee);
            revoke all on \(self.name("removal")) from \(grantee);
            revoke insert (kind, uri, proc) on \(self.name("removal")) from \(grantee);
            revoke all on type \(self.name("result")) from \(grantee);
            revoke all on schema \(schema) from \(grantee);
            """
    }

    /// The owner's rights on dblink; the name is quoted.
    static func dblink(in schema: String, to owner: String) -> String {
        """
        grant usage on foreign data wrapper dblink_fdw to \(owner);
        grant usage on schema \(SQLText.identifier(schema)) to \(owner);
        grant execute on function
            \(self.dblinkFunctions(in: schema))
            to \(owner);
        """
    }

    /// Revokes them.
    static func noDblink(in schema: String, from owner: String) -> String {
        """
        revoke usage on foreign data wrapper dblink_fdw from \(owner);
        revoke usage on schema \(SQLText.identifier(schema)) from \(owner);
        revoke execute on function
            \(self.dblinkFunctions(in: schema))
            from \(owner);
        """
    }

    private static func dblinkFunctions(in schema: String) -> String {
        self.dblinkFunctions.map { "\(SQLText.identifier(schema)).\($0)" }.joined(separator: ",\n    ")
    }

    /// A role's name in a statement: `PUBLIC`, in any case, is everybody.
    package static func grantee(_ role: String) -> String {
        role.lowercased() == "public" ? "public" : SQLText.identifier(role)
    }

    private func grants(_ functions: [String], to role: String) -> String {
        let grantee = Self.grantee(role)
        let names = functions.map { "\(SQLText.identifier(self.schema)).\($0)" }.joined(separator: ",\n    ")
        return """
            grant usage on schema \(SQLText.identifier(self.schema)) to \(grantee);
            grant usage on type \(self.name("result")) to \(grantee);
            grant execute on function
                \(names)
                to \(grantee);
            """
    }

    private func name(_ object: String) -> String { SQLText.qualified(self.schema, object) }
}
