select invoice.add('lamp');
select invoice.add('unicorn');
select * from invoice.line;
